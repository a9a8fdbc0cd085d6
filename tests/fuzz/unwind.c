/*
 * The x64 unwinder on hostile tables: input is 8 bytes of choice (where in the function, which
 * handler), then an image of at most 4 KiB whose first entry is the function table. Whatever it
 * says, unwinding ends, reads nothing outside of what is mapped, and moves on or refuses.
 */
#include "host/nt.h"
#include "host/linux/peek.h"
#include "host/seh/unwind_types.h"
#include "host/seh/virtual_unwind.h"

#define IMAGE_SIZE 4096
#define STACK_SIZE 4096

static _Alignas(16) uint8_t image_bytes[IMAGE_SIZE];
static _Alignas(16) uint8_t stack[STACK_SIZE];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Only the image can be read beside the stack: the end of a page's worth is the end of memory. */
size_t linux_peek(uint64_t address, void *buffer, size_t length)
{
    uint64_t offset = address - (uint64_t)image_bytes;

    if (offset >= IMAGE_SIZE)
        return 0;
    if (length > IMAGE_SIZE - offset)
        length = IMAGE_SIZE - offset;
    __builtin_memcpy(buffer, image_bytes + offset, length);
    return length;
}

static void make_context(CONTEXT *context, uint64_t pc)
{
    __builtin_memset(context, 0, sizeof *context);
    for (unsigned i = 0; i < 16; i++)
        context_registers(context)[i] = (uint64_t)stack + i * 64;
    context->Rsp = (uint64_t)stack + 512;
    context->Rip = pc;
    for (unsigned i = 0; i < STACK_SIZE / 8; i++)
        ((uint64_t *)stack)[i] = (uint64_t)stack + i;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint16_t choice[4];
    CONTEXT context;
    struct unwind_step step;
    KNONVOLATILE_CONTEXT_POINTERS pointers = {0};
    struct seh_memory memory = {(uint64_t)stack, (uint64_t)stack + STACK_SIZE};

    if (size < sizeof choice + sizeof(RUNTIME_FUNCTION) || size - sizeof choice > IMAGE_SIZE)
        return 0;
    __builtin_memcpy(choice, data, sizeof choice);
    __builtin_memset(image_bytes, 0, sizeof image_bytes);
    __builtin_memcpy(image_bytes, data + sizeof choice, size - sizeof choice);

    struct seh_image image = {.base = (uint64_t)image_bytes,
                              .size = IMAGE_SIZE,
                              .functions = (RUNTIME_FUNCTION *)image_bytes,
                              .function_count = 1 + choice[2] % 8};
    RUNTIME_FUNCTION *function = seh_find_function(&image, choice[0] % IMAGE_SIZE);
    if (!function)
        return 0;
    uint64_t pc = image.base + choice[0] % IMAGE_SIZE;
    make_context(&context, pc);
    if (!seh_unwind_function(&image, &memory, function, pc, choice[1] & 3, &context, &pointers,
                             &step))
        return 0;
    if (step.handler && step.handler - image.base >= image.size)
        __builtin_trap();
    return 0;
}
