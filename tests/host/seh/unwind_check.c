/* The unwinder on tables written by hand: what no compiler here emits. */
#include "host/nt.h"
#include "host/seh/unwind_types.h"
#include "host/seh/virtual_unwind.h"
#include "tests/host/seh/rig.h"

#define CHECK(condition) \
    if (!(condition))    \
    return __LINE__

#define CODE 0x100u
#define INFO 0x200u

static _Alignas(16) uint8_t bytes[0x1000];
static _Alignas(16) uint64_t stack[256];
static struct seh_image image;
static struct seh_memory memory;
static CONTEXT context;
static struct unwind_step step;

/* One function of 64 nops with this unwind information; the stack counts up from 0x1000. */
static void prepare(const uint8_t *information, SIZE_T length)
{
    RUNTIME_FUNCTION function = {CODE, CODE + 64, INFO};

    __builtin_memset(bytes, 0x90, sizeof bytes);
    __builtin_memcpy(bytes, &function, sizeof function);
    __builtin_memcpy(bytes + INFO, information, length);
    for (unsigned i = 0; i < RTL_NUMBER_OF(stack); i++)
        stack[i] = 0x1000 + i;
    image = (struct seh_image){(uint64_t)bytes, sizeof bytes, (RUNTIME_FUNCTION *)bytes, 1};
    memory = (struct seh_memory){(uint64_t)stack, (uint64_t)stack + sizeof stack};
    __builtin_memset(&context, 0, sizeof context);
    context.Rsp = (uint64_t)stack;
}

static bool unwind(uint32_t offset, ULONG handler_type)
{
    RUNTIME_FUNCTION *function = seh_find_function(&image, CODE + offset);

    return function && seh_unwind_function(&image, &memory, function, image.base + CODE + offset,
                                           handler_type, &context, NULL, &step);
}

static uint32_t check_machine_frame(void)
{
    static const uint8_t with_error_code[] = {1, 0, 1, 0, 0, 0x1A};
    static const uint8_t without[] = {1, 0, 1, 0, 0, 0x0A};

    prepare(with_error_code, sizeof with_error_code);
    CHECK(unwind(8, 0));
    CHECK(context.Rip == 0x1001 && context.Rsp == 0x1004);
    prepare(without, sizeof without);
    CHECK(unwind(8, 0));
    CHECK(context.Rip == 0x1000 && context.Rsp == 0x1003);
    return 0;
}

/* push rbx; sub rsp, 0x20; an epilogue of 6 bytes at the end of the function. */
static uint32_t check_version_2_epilogue(void)
{
    static const uint8_t information[] = {2, 5, 3, 0, 6, 0x16, 5, 0x32, 1, 0x30};
    static const uint8_t epilogue[] = {0x48, 0x83, 0xC4, 0x20, 0x5B, 0xC3};

    prepare(information, sizeof information);
    __builtin_memcpy(bytes + CODE + 58, epilogue, sizeof epilogue);
    __builtin_memcpy(bytes + CODE + 20, epilogue + 4, 2); /* looks like one, is not described */
    CHECK(unwind(62, 0)); /* before the pop: the allocation is gone */
    CHECK(context.Rbx == 0x1000 && context.Rip == 0x1001);
    context.Rsp = (uint64_t)stack;
    CHECK(unwind(20, 0));
    CHECK(context.Rbx == 0x1004 && context.Rip == 0x1005);
    return 0;
}

static uint32_t check_partial_prologue(void)
{
    static const uint8_t information[] = {1 | 1 << 3, 5, 2, 0, 5, 0x32, 1, 0x30, 0x80, 1, 0, 0};

    prepare(information, sizeof information);
    CHECK(unwind(0, UNW_FLAG_EHANDLER));
    CHECK(context.Rip == 0x1000 && step.handler == 0);
    context.Rsp = (uint64_t)stack;
    CHECK(unwind(1, UNW_FLAG_EHANDLER));
    CHECK(context.Rbx == 0x1000 && context.Rip == 0x1001 && step.handler == 0);
    context.Rsp = (uint64_t)stack;
    CHECK(unwind(5, UNW_FLAG_EHANDLER));
    CHECK(context.Rbx == 0x1004 && context.Rip == 0x1005);
    CHECK(step.handler == image.base + 0x180 && step.establisher == (uint64_t)stack);
    context.Rsp = (uint64_t)stack;
    CHECK(unwind(5, UNW_FLAG_UHANDLER) && step.handler == 0);
    return 0;
}

static uint32_t check_hostile(void)
{
    static const uint8_t endless[] = {1 | 4 << 3, 0, 0, 0, 0, 1, 0, 0, 0x40, 1, 0, 0, 0, 2, 0, 0};
    static const uint8_t truncated[] = {1, 0, 1, 0, 0, 0x01};
    static const uint8_t unknown[] = {1, 0, 1, 0, 0, 0x0F};
    static const uint8_t version[] = {7, 0, 0, 0};

    prepare(endless, sizeof endless);
    CHECK(!unwind(8, 0));
    prepare(truncated, sizeof truncated);
    CHECK(!unwind(8, 0));
    prepare(unknown, sizeof unknown);
    CHECK(!unwind(8, 0));
    prepare(version, sizeof version);
    CHECK(!unwind(8, 0));
    prepare(version, sizeof version);
    ((RUNTIME_FUNCTION *)bytes)->UnwindData = sizeof bytes - 2;
    CHECK(!unwind(8, 0));
    return 0;
}

/* Part of the function table may stand elsewhere in the image. */
static uint32_t check_indirect(void)
{
    static const uint8_t information[] = {1, 0, 0, 0};
    RUNTIME_FUNCTION elsewhere = {CODE, CODE + 64, INFO};

    prepare(information, sizeof information);
    __builtin_memcpy(bytes + 0x400, &elsewhere, sizeof elsewhere);
    ((RUNTIME_FUNCTION *)bytes)->UnwindData = 0x400 | RUNTIME_FUNCTION_INDIRECT;
    CHECK(unwind(8, 0) && context.Rip == 0x1000);
    ((RUNTIME_FUNCTION *)bytes)->UnwindData = 0xFFF0 | RUNTIME_FUNCTION_INDIRECT;
    CHECK(!unwind(8, 0));
    return 0;
}

uint32_t rig_check_unwinder(void)
{
    uint32_t line = check_machine_frame();
    line = line ? line : check_version_2_epilogue();
    line = line ? line : check_partial_prologue();
    line = line ? line : check_hostile();
    return line ? line : check_indirect();
}
