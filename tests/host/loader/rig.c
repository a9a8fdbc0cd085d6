#include "tests/host/loader/rig.h"

static char printed[65536];

static void keep(void *context, const char *text, size_t length)
{
    size_t used = strlen(printed);
    (void)context;
    if (used + length < sizeof(printed)) {
        memcpy(printed + used, text, length);
        printed[used + length] = 0;
    }
}

struct file file_read(const char *path)
{
    struct file file = {NULL, 0};
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    fseek(stream, 0, SEEK_END);
    file.size = (size_t)ftell(stream);
    rewind(stream);
    file.bytes = malloc(file.size);
    assert_non_null(file.bytes);
    assert_int_equal(fread(file.bytes, 1, file.size, stream), file.size);
    fclose(stream);
    return file;
}

struct sb_machine *machine_start(const struct sb_machine_options *options)
{
    struct sb_machine_options mine = options ? *options : (struct sb_machine_options){0};
    struct sb_machine *machine;
    printed[0] = 0;
    mine.log = keep;
    assert_int_equal(sb_machine_create(&mine, &machine), 0);
    return machine;
}

const char *machine_printed(void)
{
    return printed;
}

sb_status send_code(struct sb_machine *machine, const char *device, uint32_t code, uint32_t *answer)
{
    struct sb_process *process;
    struct sb_io_status result = {0};
    sb_handle file;
    assert_int_equal(sb_process_create(machine, NULL, &process), 0);
    sb_status status = sb_process_open(process, device, NULL, &file);
    assert_int_equal(status, 0);
    uint32_t *buffer = sb_process_allocate(process, sizeof(*buffer), false);
    assert_non_null(buffer);
    status = sb_process_ioctl(process, file, 0, &result, code, NULL, 0, buffer,
                              answer ? sizeof(*buffer) : 0);
    if (status == 0 && answer) {
        assert_int_equal(result.information, sizeof(*buffer));
        *answer = *buffer;
    }
    sb_process_destroy(process);
    return status;
}

void put16(uint8_t *at, uint16_t value)
{
    memcpy(at, &value, sizeof(value));
}

void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof(value));
}

uint32_t get32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return value;
}

uint8_t *pe_header(struct file file)
{
    return file.bytes + get32(file.bytes + 60);
}

uint8_t *pe_section_named(struct file file, const char *name)
{
    uint8_t *header = pe_header(file), *section = header + 24 + (uint16_t)get32(header + 20);
    uint16_t count = (uint16_t)get32(header + 6);
    for (uint16_t i = 0; i < count; i++, section += 40)
        if (strncmp((char *)section, name, 8) == 0)
            return section;
    fail_msg("no section %s", name);
    return NULL;
}
