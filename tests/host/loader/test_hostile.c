/* Damaged and foreign images: refused with the reason in words, and nothing is left behind. */
#include "tests/host/loader/rig.h"

/* Offsets behind "PE\0\0": file header, optional header, data directories, first section. */
enum {
    MACHINE = 4,
    SECTION_COUNT = 6,
    OPTIONAL_SIZE = 20,
    CHARACTERISTICS = 22,
    MAGIC = 24,
    ENTRY = 40,
    IMAGE_BASE = 48,
    SECTION_ALIGNMENT = 56,
    FILE_ALIGNMENT = 60,
    IMAGE_SIZE = 80,
    HEADERS_SIZE = 84,
    SUBSYSTEM = 92,
    DIRECTORIES = 136,
    SECTIONS = 264,
    SECTION_LENGTH = 40,
    VIRTUAL_SIZE = 8,
    ADDRESS = 12,
    RAW_SIZE = 16,
    RAW_OFFSET = 20,
};
enum { EXPORT = 0, IMPORT = 1, EXCEPTION = 3, RELOCATION = 5, TLS = 9, DELAY = 13, CLR = 14 };

static struct file plain;

static uint8_t *directory(uint8_t *header, int index)
{
    return header + DIRECTORIES + index * 8;
}

static uint8_t *section(uint8_t *header, int index)
{
    return header + SECTIONS + index * SECTION_LENGTH;
}

/* Where in the file an offset in memory lies. */
static uint8_t *place(struct file file, uint32_t offset)
{
    uint8_t *header = pe_header(file);
    for (int i = 0; i < (uint16_t)get32(header + SECTION_COUNT); i++) {
        uint8_t *at = section(header, i);
        if (offset >= get32(at + ADDRESS) && offset - get32(at + ADDRESS) < get32(at + RAW_SIZE))
            return file.bytes + get32(at + RAW_OFFSET) + (offset - get32(at + ADDRESS));
    }
    fail_msg("nothing at 0x%x", offset);
    return NULL;
}

static void expect(struct file file, sb_status wanted, const char *words)
{
    char error[512] = "";
    struct sb_machine *machine = machine_start(NULL);
    uint64_t blocks[2], bytes[2];
    sb_status status = sb_machine_load_driver(machine, file.bytes, file.size, "bad.sys", NULL,
                                              error, sizeof(error));
    sb_machine_pool_usage(machine, &blocks[0], &bytes[0]);
    if (status != wanted || !strstr(error, words))
        fail_msg("%08x \"%s\" instead of %08x \"%s\"", (unsigned)status, error, (unsigned)wanted,
                 words);
    sb_status again =
        sb_machine_load_driver(machine, file.bytes, file.size, "bad.sys", NULL, NULL, 0);
    assert_int_equal(again, wanted ? wanted : STATUS_IMAGE_ALREADY_LOADED);
    sb_machine_pool_usage(machine, &blocks[1], &bytes[1]);
    assert_int_equal(blocks[0], blocks[1]);
    assert_int_equal(bytes[0], bytes[1]);
    sb_machine_destroy(machine);
}

/* A copy of the good driver with one field changed. */
static void change(size_t offset, int width, uint32_t value, sb_status wanted, const char *words)
{
    struct file copy = {malloc(plain.size), plain.size};
    memcpy(copy.bytes, plain.bytes, plain.size);
    uint8_t *at = pe_header(copy) + offset;
    if (width == 2)
        put16(at, (uint16_t)value);
    else
        put32(at, value);
    expect(copy, wanted, words);
    free(copy.bytes);
}

static void other_files_are_named(void **state)
{
    const sb_status bad = STATUS_INVALID_IMAGE_FORMAT;
    (void)state;
    expect((struct file){(uint8_t *)"", 0}, bad, "not a PE image");
    expect((struct file){(uint8_t *)"MZ", 2}, bad, "shorter than a DOS header");
    expect((struct file){(uint8_t *)"\x7f"
                                    "ELF....",
                         8},
           bad, "ELF file");
    struct file text = file_read(THIS_SOURCE);
    expect(text, bad, "no MZ");
    free(text.bytes);
}

static void other_machines_are_named(void **state)
{
    const sb_status other = STATUS_INVALID_IMAGE_FORMAT;
    (void)state;
    change(MACHINE, 2, 0x14C, other, "x86 (32 bits)");
    change(MACHINE, 2, 0xAA64, other, "ARM64");
    change(MACHINE, 2, 0x1C4, other, "ARM (32 bits)");
    change(MACHINE, 2, 0x1234, other, "machine 0x1234");
}

static void other_programs_are_named(void **state)
{
    const sb_status bad = STATUS_INVALID_IMAGE_FORMAT;
    (void)state;
    change(MAGIC, 2, 0x10B, bad, "PE32");
    change(MAGIC, 2, 0x107, bad, "PE32+");
    change(SUBSYSTEM, 2, 2, bad, "Windows application");
    change(SUBSYSTEM, 2, 3, bad, "console program");
    change(SUBSYSTEM, 2, 10, bad, "EFI application");
    change(SUBSYSTEM, 2, 12, bad, "EFI runtime driver");
    change(CHARACTERISTICS, 2, 0x20, bad, "not marked executable");
    change(DIRECTORIES + TLS * 8 + 4, 4, 40, bad, "thread-local storage");
    change(DIRECTORIES + DELAY * 8 + 4, 4, 40, bad, "delay-loaded");
    change(DIRECTORIES + CLR * 8 + 4, 4, 72, bad, ".NET");
}

static void headers_out_of_range_are_refused(void **state)
{
    const sb_status bad = STATUS_INVALID_IMAGE_FORMAT;
    (void)state;
    change(0, 4, 0x454E, bad, "no PE signature");
    change(OPTIONAL_SIZE, 2, 100, bad, "optional header");
    change(SECTION_COUNT, 2, 0, bad, "section table");
    change(SECTION_COUNT, 2, 97, bad, "section table");
    change(SECTION_COUNT, 2, 0xFFFF, bad, "section table");
    change(ENTRY, 4, 0x7FFFFFFF, bad, "entry point");
    change(ENTRY, 4, 0, bad, "entry point");
    change(IMAGE_BASE, 4, 0x1234, bad, "64 KiB");
    change(SECTION_ALIGNMENT, 4, 0, bad, "power of two");
    change(SECTION_ALIGNMENT, 4, 0x1800, bad, "power of two");
    change(FILE_ALIGNMENT, 4, 0, bad, "power of two");
    change(FILE_ALIGNMENT, 4, 0x2000, bad, "aligned less");
    change(FILE_ALIGNMENT, 4, 0x20, bad, "aligned to pages");
    change(IMAGE_SIZE, 4, 0, bad, "size in memory");
    change(IMAGE_SIZE, 4, 0xFFFFFFFF, bad, "size in memory");
    change(IMAGE_SIZE, 4, 0x2000, bad, "leaves the image");
    change(HEADERS_SIZE, 4, 0, bad, "headers' size");
    change(HEADERS_SIZE, 4, 0x40, bad, "section table");
    change(HEADERS_SIZE, 4, 0x10000000, bad, "headers' size");
}

static void sections_out_of_range_are_refused(void **state)
{
    const sb_status bad = STATUS_INVALID_IMAGE_FORMAT;
    const size_t second = SECTIONS + SECTION_LENGTH;
    (void)state;
    change(second + ADDRESS, 4, 0x1000, bad, "overlaps");
    change(second + ADDRESS, 4, 0x100000, bad, "does not follow");
    change(second + ADDRESS, 4, get32(pe_header(plain) + second + ADDRESS) + 8, bad, "unaligned");
    change(SECTIONS + VIRTUAL_SIZE, 4, 0xFFFFFFFF, bad, "leaves the image");
    change(second + RAW_OFFSET, 4, 0x7FFFFE00, bad, "outside the file");
    change(second + RAW_SIZE, 4, 0x7FFFFE00, bad, "outside the file");
}

static void directories_out_of_range_are_refused(void **state)
{
    const sb_status bad = STATUS_INVALID_IMAGE_FORMAT;
    (void)state;
    change(DIRECTORIES + IMPORT * 8, 4, 0x7FFFFFF0, bad, "import directory leaves");
    change(DIRECTORIES + EXPORT * 8, 4, 0x7FFFFFF0, bad, "export table");
    change(DIRECTORIES + EXPORT * 8 + 4, 4, 0, 0, "");
    change(DIRECTORIES + RELOCATION * 8, 4, 0x7FFFFFF0, bad, "relocations");
}

/* Harmless oddities that NT takes too. */
static void odd_but_sound_images_load(void **state)
{
    uint8_t *header = pe_header(plain);
    uint32_t size = get32(header + IMAGE_SIZE);
    (void)state;
    change(IMAGE_SIZE, 4, size - 0x200 > size ? size : size + 0x123, 0, "");
    change(IMAGE_SIZE, 4, size + 0x800000, 0, "");
    change(SECTIONS + VIRTUAL_SIZE, 4, 0, 0, "");
    change(DIRECTORIES + EXCEPTION * 8, 4, 0x7FFFFFF0, 0, "");
    change(DIRECTORIES + EXCEPTION * 8 + 4, 4, 0x7FFFFFF0, 0, "");
}

static void wrong_relocations_are_refused(void **state)
{
    struct file copy = {malloc(plain.size), plain.size};
    (void)state;
    memcpy(copy.bytes, plain.bytes, plain.size);
    uint8_t *block = place(copy, get32(directory(pe_header(copy), RELOCATION)));
    put16(block + 8, 3 << 12);
    expect(copy, STATUS_INVALID_IMAGE_FORMAT, "type 3");
    put16(block + 8, 10 << 12);
    put32(block, 0x7FFFFFF0);
    expect(copy, STATUS_INVALID_IMAGE_FORMAT, "malformed");
    put32(block + 4, 4);
    expect(copy, STATUS_INVALID_IMAGE_FORMAT, "malformed");
    free(copy.bytes);
}

static void bound_imports_need_their_names(void **state)
{
    struct file copy = {malloc(plain.size), plain.size};
    (void)state;
    memcpy(copy.bytes, plain.bytes, plain.size);
    uint8_t *import = place(copy, get32(directory(pe_header(copy), IMPORT)));
    put32(import + 4, 0x12345678); /* a time stamp: bound, but the names are there */
    expect(copy, 0, "");
    put32(import, 0);
    expect(copy, STATUS_INVALID_IMAGE_FORMAT, "bound");
    put32(import + 4, 0); /* not bound: the addresses are the names */
    expect(copy, 0, "");
    put32(import + 12, 0x7FFFFFF0);
    expect(copy, STATUS_INVALID_IMAGE_FORMAT, "name of an imported module");
    free(copy.bytes);
}

static void files_cut_anywhere_never_load_half(void **state)
{
    char error[256];
    struct sb_machine *machine = machine_start(NULL);
    (void)state;
    for (size_t size = 0; size < plain.size; size += size < 0x1000 ? 7 : 509) {
        uint8_t *cut = malloc(size + 1);
        memcpy(cut, plain.bytes, size);
        sb_status status =
            sb_machine_load_driver(machine, cut, size, "cut.sys", NULL, error, sizeof(error));
        free(cut);
        if (status == 0) { /* only debug information was cut off */
            assert_true(size > 0x2000);
            break;
        }
        assert_true(error[0]);
    }
    sb_machine_destroy(machine);
}

static void drivers_without_relocations_need_their_base(void **state)
{
#ifndef SYSBUF_SANITIZED_address
    struct file fixed = file_read(SYSBUF_TEST_DRIVERS "/layout-fixed.sys");
    struct sb_machine *first = machine_start(NULL), *second = machine_start(NULL);
    char error[256] = "";
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct sb_driver *driver;
        assert_int_equal(
            sb_machine_load_driver(first, fixed.bytes, fixed.size, "fixed.sys", &driver, NULL, 0),
            0);
        assert_int_equal(sb_machine_load_driver(second, fixed.bytes, fixed.size, "fixed.sys", NULL,
                                                error, sizeof(error)),
                         STATUS_CONFLICTING_ADDRESSES);
        assert_non_null(strstr(error, "0x1c0000000"));
        assert_int_equal(sb_machine_unload_driver(first, driver), 0);
    }
    assert_int_equal(sb_machine_load_driver(second, fixed.bytes, fixed.size, "fixed.sys", NULL,
                                            error, sizeof(error)),
                     0);
    sb_machine_destroy(second);
    sb_machine_destroy(first);
    put32(pe_header(fixed) + IMAGE_BASE + 4, 0);
    put32(pe_header(fixed) + IMAGE_BASE, 0x20000000);
    expect(fixed, STATUS_CONFLICTING_ADDRESSES, "not the kernel's");
    free(fixed.bytes);
#else
    (void)state;
    skip();
#endif
}

static void images_beyond_the_memory_limit_are_refused(void **state)
{
    struct sb_machine_options options = {.memory_limit = 8 << 20};
    struct sb_machine *machine = machine_start(&options);
    struct file copy = {malloc(plain.size), plain.size};
    char error[256] = "";
    (void)state;
    memcpy(copy.bytes, plain.bytes, plain.size);
    put32(pe_header(copy) + IMAGE_SIZE, 64 << 20);
    assert_int_equal(sb_machine_load_driver(machine, copy.bytes, copy.size, "big.sys", NULL, error,
                                            sizeof(error)),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_non_null(strstr(error, "no memory"));
    assert_int_equal(sb_machine_load_driver(machine, plain.bytes, plain.size, "plain.sys", NULL,
                                            error, sizeof(error)),
                     0);
    free(copy.bytes);
    sb_machine_destroy(machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_files_are_named),
        cmocka_unit_test(other_machines_are_named),
        cmocka_unit_test(other_programs_are_named),
        cmocka_unit_test(headers_out_of_range_are_refused),
        cmocka_unit_test(sections_out_of_range_are_refused),
        cmocka_unit_test(directories_out_of_range_are_refused),
        cmocka_unit_test(odd_but_sound_images_load),
        cmocka_unit_test(wrong_relocations_are_refused),
        cmocka_unit_test(bound_imports_need_their_names),
        cmocka_unit_test(files_cut_anywhere_never_load_half),
        cmocka_unit_test(drivers_without_relocations_need_their_base),
        cmocka_unit_test(images_beyond_the_memory_limit_are_refused),
    };
    plain = file_read(SYSBUF_TEST_DRIVERS "/plain-gcc.sys");
    int failed = cmocka_run_group_tests_name("hostile images", tests, NULL, NULL);
    free(plain.bytes);
    return failed;
}
