#include "host/nt.h"
#include "host/ke/ke.h"
#include "host/ke/thread.h"
#include "host/linux/linux.h"
#include "host/seh/exception.h"
#include "host/seh/frame_walk.h"
#include "tests/host/seh/rig.h"

struct image_directory {
    uint32_t rva, size;
};

static uint8_t *image;
static uint32_t image_size;
static struct image_directory directories[16];
static struct kpcr kpcr;
static struct _ETHREAD thread;
static struct call_frame entry;
static struct rig_stop last_stop;

bool seh_find_image(uint64_t address, struct seh_image *found)
{
    if (!image || address < (uint64_t)image || address - (uint64_t)image >= image_size)
        return false;
    *found = (struct seh_image){.base = (uint64_t)image,
                                .size = image_size,
                                .functions = (RUNTIME_FUNCTION *)(image + directories[3].rva),
                                .function_count = directories[3].size / 12};
    return true;
}

int64_t ke_system_time(struct machine *machine)
{
    return linux_system_time();
}

int64_t ke_interrupt_time(struct machine *machine)
{
    return linux_monotonic_time() / 100;
}

void ke_irql_raised(struct machine *machine)
{
}

VOID NTAPI KeLowerIrql(KIRQL new_irql)
{
    kpcr.irql = new_irql;
    kpcr.interrupt_request++; /* how often it was asked for */
}

void ke_bug_check(ULONG code, const ULONG_PTR parameters[4], uint64_t address,
                  const struct linux_registers *registers)
{
    last_stop = (struct rig_stop){.code = code, .address = address};
    __builtin_memcpy(last_stop.parameters, parameters, sizeof last_stop.parameters);
    last_stop.in_image = address - (uint64_t)image < image_size;
    if (last_stop.in_image)
        last_stop.address -= (uint64_t)image;
    if (registers)
        last_stop.rcx = registers->rcx;
    kpcr.irql = PASSIVE_LEVEL;
    linux_context_jump(&entry.context, 1);
}

/* ---- the few routines of other components that the driver imports ---- */

static void say(const char *text)
{
    linux_log_standard_error(text, __builtin_strlen(text));
}

static void say_number(ULONG value, ULONG base)
{
    char text[12];
    int at = sizeof text - 1;

    text[at] = 0;
    do
        text[--at] = "0123456789abcdef"[value % base];
    while (value /= base);
    say(text + at);
}

/* The formats that the driver's checks use: %s, %d and %x, whatever their width. */
__attribute__((ms_abi)) ULONG rig_print(const char *format, ...)
{
    __builtin_ms_va_list arguments;

    __builtin_ms_va_start(arguments, format);
    for (; *format; format++) {
        if (*format != '%') {
            linux_log_standard_error(format, 1);
            continue;
        }
        do
            format++;
        while (*format >= '0' && *format <= '9');
        if (*format == 's')
            say(__builtin_va_arg(arguments, const char *));
        else
            say_number(__builtin_va_arg(arguments, ULONG), *format == 'd' ? 10 : 16);
    }
    __builtin_ms_va_end(arguments);
    return 0;
}
SB_EXPORT_AS("DbgPrint", rig_print)

VOID NTAPI ProbeForRead(CONST VOID *address, SIZE_T length, ULONG alignment)
{
    if (length && ((ULONG_PTR)address & (alignment - 1)))
        ExRaiseDatatypeMisalignment();
    if ((ULONG_PTR)address + length > LINUX_USER_END || (ULONG_PTR)address + length < length)
        ExRaiseAccessViolation();
}
SB_EXPORT(ProbeForRead)

void *NTAPI rig_copy(void *to, const void *from, SIZE_T length)
{
    return __builtin_memcpy(to, from, length);
}
SB_EXPORT_AS("memcpy", rig_copy)

void *NTAPI rig_fill(void *to, int value, SIZE_T length)
{
    return __builtin_memset(to, value, length);
}
SB_EXPORT_AS("memset", rig_fill)

/* An insertion sort of ULONGs is enough: what counts is a host frame that calls the driver. */
void NTAPI rig_sort(void *base, SIZE_T count, SIZE_T size,
                    int(NTAPI *compare)(const void *, const void *))
{
    ULONG *values = base;

    for (SIZE_T i = 1; i < count && size == sizeof(ULONG); i++)
        for (SIZE_T j = i; j > 0 && compare(&values[j - 1], &values[j]) > 0; j--) {
            ULONG value = values[j];
            values[j] = values[j - 1];
            values[j - 1] = value;
        }
}
SB_EXPORT_AS("qsort", rig_sort)

static void NTAPI not_in_the_rig(void)
{
    ke_bug_check(0xE2, (ULONG_PTR[4]){0}, 0, NULL);
}

/* ---- a loader that trusts the file ---- */

static bool same(const char *left, const char *right)
{
    return __builtin_strcmp(left, right) == 0;
}

static const void *resolve(const char *name)
{
    for (const struct export_entry *entry = __start_sb_exports; entry < __stop_sb_exports; entry++)
        if (same(entry->name, name))
            return entry->address;
    return not_in_the_rig;
}

static void bind(void)
{
    const uint32_t *descriptor = (const uint32_t *)(image + directories[1].rva);

    for (; descriptor[3]; descriptor += 5)
        for (uint64_t *slot = (uint64_t *)(image + descriptor[4]); *slot; slot++)
            *slot = (uint64_t)resolve((const char *)image + *slot + 2);
}

static void relocate(uint64_t difference)
{
    const uint8_t *block = image + directories[5].rva;
    const uint8_t *end = block + directories[5].size;

    while (block < end) {
        const uint32_t *header = (const uint32_t *)block;
        const uint16_t *entries = (const uint16_t *)(block + 8);
        for (uint32_t i = 0; i < (header[1] - 8) / 2; i++)
            if (entries[i] >> 12 == 10)
                *(uint64_t *)(image + header[0] + (entries[i] & 0xFFF)) += difference;
        block += header[1];
    }
}

struct section {
    char name[8];
    uint32_t virtual_size, rva, raw_size, raw_offset, unused[3], characteristics;
};

static void map_sections(const uint8_t *file, const struct section *sections, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint32_t size = sections[i].raw_size;
        if (size > sections[i].virtual_size)
            size = sections[i].virtual_size;
        __builtin_memcpy(image + sections[i].rva, file + sections[i].raw_offset, size);
    }
}

static void protect_sections(const struct section *sections, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        bool writable = sections[i].characteristics & 0x80000000;
        bool executable = sections[i].characteristics & 0x20000000;
        linux_pages_protect(image + sections[i].rva, (sections[i].virtual_size + 0xFFF) & ~0xFFFul,
                            executable ? LINUX_READ_EXECUTE
                            : writable ? LINUX_READ_WRITE
                                       : LINUX_READ);
    }
}

static enum linux_fault_answer examine(struct linux_fault *fault)
{
    if (!thread.call_frame)
        return LINUX_FAULT_NOT_MINE;
    return fault_emulate(fault) ? LINUX_FAULT_RESUME : LINUX_FAULT_DISPATCH;
}

static void nothing(void *unused)
{
}

/* cmocka puts its own signal handlers in place before each test. */
static bool arm(void)
{
    return linux_faults_initialize(examine, exception_dispatch) == 0;
}

static bool start(void)
{
    if (linux_threads_initialize(nothing) != 0 || !arm())
        return false;
    linux_faults_attach_thread();
    kpcr.self = &kpcr;
    kpcr.current_thread = &thread;
    linux_gs_base_set((uint64_t)&kpcr);
    return true;
}

bool rig_load(const char *path)
{
    void *contents;
    size_t size;

    if (!start() || linux_file_read_all(path, &contents, &size) != 0) {
        say("cannot start, or read the driver\n");
        return false;
    }
    const uint8_t *file = contents;
    const uint8_t *header = file + *(const uint32_t *)(file + 0x3C);
    unsigned count = *(const uint16_t *)(header + 6);
    const struct section *sections =
        (const struct section *)(header + 24 + *(const uint16_t *)(header + 20));

    image_size = *(const uint32_t *)(header + 24 + 56);
    image = linux_pages_map(LINUX_ARENA_KERNEL, image_size, LINUX_PAGE_SIZE);
    if (!image)
        return false;
    __builtin_memcpy(image, file, 0x400);
    __builtin_memcpy(directories, header + 24 + 112, sizeof directories);
    map_sections(file, sections, count);
    relocate((uint64_t)image - *(const uint64_t *)(header + 24 + 24));
    bind();
    protect_sections(sections, count);
    linux_free(contents);
    return true;
}

uint64_t rig_export(const char *name)
{
    const uint32_t *table = (const uint32_t *)(image + directories[0].rva);
    const uint32_t *names = (const uint32_t *)(image + table[8]);
    const uint16_t *ordinals = (const uint16_t *)(image + table[9]);

    for (uint32_t i = 0; i < table[6]; i++)
        if (same((const char *)image + names[i], name))
            return ((const uint32_t *)(image + table[7]))[ordinals[i]];
    return 0;
}

static uint64_t enter(const char *name, uint64_t argument)
{
    uint64_t(NTAPI * function)(uint64_t) = (uint64_t(NTAPI *)(uint64_t))(image + rig_export(name));

    arm();
    thread.call_frame = &entry;
    uint64_t result = function(argument);
    thread.call_frame = NULL;
    return result;
}

uint32_t rig_run_tests(void)
{
    if (linux_context_save(&entry.context)) {
        thread.call_frame = NULL;
        rig_print("stopped: %x at %x\n", last_stop.code, (ULONG)last_stop.address);
        return last_stop.code;
    }
    return (uint32_t)enter("run_tests", 0);
}

bool rig_run_fatal(uint32_t which, bool system_thread, struct rig_stop *stop)
{
    thread.is_system = system_thread;
    if (linux_context_save(&entry.context)) {
        thread.call_frame = NULL;
        *stop = last_stop;
        return true;
    }
    enter("run_fatal", which);
    return false;
}
