#include "host/seh/crash.h"
#include "host/ke/ke.h"
#include "host/ke/text.h"
#include "host/linux/host_frame.h"
#include "host/linux/pe_symbols.h"
#include "host/loader/loader.h"
#include "host/seh/frame_walk.h"

enum { LINE_SIZE = 384, MOST_FRAMES = 64 };

static void describe_driver_address(const struct loaded_image *image, uint64_t address,
                                    bool is_return_address, char *text, SIZE_T capacity)
{
    struct linux_symbol symbol;
    uint32_t rva = (uint32_t)(address - (uint64_t)image->base);
    uint32_t call = rva - (is_return_address && rva > 0);

    SIZE_T length = text_format(text, capacity, "%s+0x%x", image->name, rva);
    if (!linux_pe_symbol(image->file, image->file_size, call, &symbol))
        return;
    if (symbol.function[0])
        length += text_format(text + length, capacity - length, " %s+0x%I64x", symbol.function,
                              symbol.offset + (rva - call));
    if (symbol.source_file[0])
        text_format(text + length, capacity - length, " (%s:%d)", symbol.source_file, symbol.line);
}

void crash_describe_address(struct machine *machine, uint64_t address, bool is_return_address,
                            char *text, SIZE_T capacity)
{
    struct loaded_image *image = loader_find(machine, address);

    if (image)
        describe_driver_address(image, address, is_return_address, text, capacity);
    else if (!linux_frame_describe(address, text, capacity))
        text_format(text, capacity, "0x%I64x", address);
}

static void describe_registers(struct machine *machine, const struct linux_registers *registers)
{
    static const char names[18][4] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
                                      "rsi", "rdi", "r8",  "r9",  "r10", "r11",
                                      "r12", "r13", "r14", "r15", "rip", "efl"};
    const uint64_t *values = &registers->rax;
    char text[LINE_SIZE];
    SIZE_T length = 0;

    for (unsigned i = 0; i < 18; i++) {
        length += text_format(text + length, sizeof text - length, "  %3s=%016I64x%s", names[i],
                              values[i], i % 3 == 2 ? "\n" : "");
        if (i % 9 == 8) {
            ke_bug_check_report(machine, text, length);
            length = 0;
        }
    }
}

/* The innermost driver frame is where the stop is told to be. */
static void note_place(struct machine *machine, uint64_t address, bool is_return_address)
{
    struct sb_place *place = &machine->ke->bug_check.driver;
    struct loaded_image *image = loader_find(machine, address);
    struct linux_symbol symbol;

    if (!image || place->module[0])
        return;
    text_format(place->module, sizeof place->module, "%s", image->name);
    place->offset = address - (uint64_t)image->base;
    if (!linux_pe_symbol(image->file, image->file_size,
                         (uint32_t)place->offset - (is_return_address && place->offset > 0),
                         &symbol))
        return;
    text_format(place->function, sizeof place->function, "%s", symbol.function);
    text_format(place->source_file, sizeof place->source_file, "%s", symbol.source_file);
    place->line = symbol.line;
}

static void describe_frame(struct machine *machine, uint64_t address, bool is_return_address)
{
    char place[LINE_SIZE - 8], text[LINE_SIZE];

    note_place(machine, address, is_return_address);
    crash_describe_address(machine, address, is_return_address, place, sizeof place);
    ke_bug_check_report(machine, text, text_format(text, sizeof text, "  %s\n", place));
}

/* With skip_host the frames of the host's own stop are left out, down to the first driver. */
static void describe_stack(struct machine *machine, struct seh_walk *walk, bool skip_host)
{
    for (unsigned i = 0; i < MOST_FRAMES; i++) {
        bool exact = walk->exact;
        enum seh_walk_result result = seh_walk_examine(walk, UNW_FLAG_NHANDLER);
        uint64_t address = walk->frame.control_pc;

        if (skip_host && loader_find(machine, address))
            skip_host = false;
        if (!skip_host && result != SEH_WALK_END)
            describe_frame(machine, address, !exact);
        if (result != SEH_WALK_CALLER)
            return;
        seh_walk_advance(walk);
    }
}

void crash_describe(struct machine *machine, const struct linux_registers *registers)
{
    static const char heading[] = "stack, innermost first:\n";
    CONTEXT context;
    struct seh_walk walk;

    if (registers) {
        context_from_registers(&context, registers);
        describe_registers(machine, registers);
    } else {
        RtlCaptureContext(&context);
    }
    ke_bug_check_report(machine, heading, sizeof heading - 1);
    seh_walk_start(&walk, &context, registers != NULL);
    describe_stack(machine, &walk, registers == NULL);
}
