/*
 * Control codes: CTL_CODE values (device << 16 | access << 14 | function << 2 | method) that a
 * driver tells apart. Compilers compare, subtract step by step, or subtract once and use a jump
 * table or a mask; drivers also keep tables of them. What is subtracted from each register is
 * carried along in the order of the instructions, which is that of a switch's cases; and so is
 * what was read from where a stack location has the request's code: that is compared with codes
 * whatever they look like.
 */
#include <string.h>

#include "host/code/code.h"

enum {
    SMALLEST = 0x10000,
    MOST_OFFSETS = 64, /* a mask of bits knows no more */
    TABLE_REACH = 96,  /* bytes of code from a comparison to its jump table */
    MOST_CODES = 1024,
    FIRST_VENDOR = 0x8000, /* device types from here on are the vendors' own */
    CONTROL_CODE = 0x18,   /* in an IO_STACK_LOCATION */
    MOST_SLOTS = 16,
    SECTION_INITIALISED = 0x40,
    SECTION_DISCARDABLE = 0x02000000,
    SECTION_EXECUTABLE = 0x20000000,
};

struct subtracted {
    uint32_t value;   /* 0: nothing */
    uint8_t shift;    /* the rest was rotated right by so many bits */
    uint32_t negated; /* the register holds just minus this number; 0: it does not */
    bool is_control;  /* it holds the request's code, less what was subtracted */
};

/* A local variable, as compilers that do not optimise keep all. */
struct local {
    uint8_t base;
    int64_t displacement;
};

struct tracker {
    struct code_reader *reader;
    struct sb_code *code;
    struct subtracted registers[CODE_OTHER];
    uint32_t next;                     /* where the instruction after the last one is */
    struct code_step last;             /* a comparison that a branch may follow; else id is 0 */
    struct local controls[MOST_SLOTS]; /* of the function: those that hold the request's code */
    unsigned control_count;
    uint32_t control_registers; /* bits: those that held it anywhere in the function */
    uint32_t function;          /* where it begins */
    uint8_t vendors[(0x10000 - FIRST_VENDOR) / 8]; /* bits: device types that code holds */
};

/* Types below 0x8000 are Microsoft's, and few; a vendor's come with a vendor's function. */
static bool looks_like_code(uint32_t value)
{
    uint32_t device = value >> 16, function = value >> 2 & 0xFFF;
    return (device > 0 && device < 0x100) ||
           (device >= 0x8000 && device != 0xFFFF && function >= 0x800);
}

/* is_control: it is what a request's code is compared with. */
static void add(struct tracker *tracker, uint32_t value, bool is_control)
{
    if ((looks_like_code(value) || (is_control && value >= SMALLEST)) &&
        tracker->code->codes.count < MOST_CODES && !code_list_add(&tracker->code->codes, value))
        tracker->code->is_exhausted = true;
}

static struct subtracted *subtracted_of(struct tracker *tracker, const struct code_operand *operand)
{
    return operand->kind == CODE_REGISTER && operand->reg < CODE_OTHER
               ? &tracker->registers[operand->reg]
               : NULL;
}

static void forget(struct tracker *tracker, const struct code_operand *operand)
{
    struct subtracted *subtracted = subtracted_of(tracker, operand);
    if (subtracted)
        *subtracted = (struct subtracted){0};
}

/* to = from - amount: what is left is zero for this code. */
static void subtract(struct tracker *tracker, const struct code_operand *to,
                     const struct subtracted *from, uint32_t amount)
{
    struct subtracted *subtracted = subtracted_of(tracker, to);
    if (!subtracted)
        return;
    struct subtracted now = {from->value + (amount << from->shift), from->shift, 0,
                             from->is_control};
    *subtracted = now.value >= SMALLEST ? now : (struct subtracted){0};
    add(tracker, subtracted->value, subtracted->is_control);
}

/* ---- what was read as the request's code ---- */
static bool is_local(const struct code_operand *operand)
{
    return operand->kind == CODE_MEMORY && operand->index == CODE_NO_REG &&
           (operand->base == CODE_RSP || operand->base == CODE_RBP);
}

static bool is_control_local(const struct tracker *tracker, const struct code_operand *operand)
{
    for (unsigned i = 0; is_local(operand) && i < tracker->control_count; i++)
        if (tracker->controls[i].base == operand->base &&
            tracker->controls[i].displacement == operand->value)
            return true;
    return false;
}

static bool is_control(struct tracker *tracker, const struct code_operand *operand)
{
    struct subtracted *held = subtracted_of(tracker, operand);
    if (held)
        return held->is_control;
    return is_control_local(tracker, operand) ||
           (operand->kind == CODE_MEMORY && operand->size == 4 && operand->base < CODE_OTHER &&
            operand->base != CODE_RSP && operand->index == CODE_NO_REG &&
            operand->value == CONTROL_CODE);
}

static void note_store(struct tracker *tracker, const struct code_step *step)
{
    const struct code_operand *to = &step->operands[0];
    if (is_local(to) && is_control(tracker, &step->operands[1]) && !is_control_local(tracker, to) &&
        tracker->control_count < MOST_SLOTS)
        tracker->controls[tracker->control_count++] = (struct local){to->base, to->value};
}

static const struct code_switch *switch_near(const struct tracker *tracker, uint32_t address)
{
    for (size_t i = 0; i < tracker->reader->switch_count; i++)
        if (tracker->reader->switches[i].jump - address < TABLE_REACH)
            return &tracker->reader->switches[i];
    return NULL;
}

static size_t occurrences(const struct code_list *targets, uint32_t target)
{
    size_t count = 0;
    for (size_t i = 0; i < targets->count; i++)
        count += targets->items[i] == target;
    return count;
}

/* Numbers between the cases lead where those outside do, or all to one other place. */
static bool is_hole(const struct code_switch *table, uint32_t index, uint32_t outside)
{
    uint32_t target = table->targets.items[index];
    size_t count = occurrences(&table->targets, target);
    return target == outside || (count > 2 && count > table->targets.count / 2);
}

/* cmp rest, count; ja outside: the codes are those from the subtracted one on. */
static void add_range(struct tracker *tracker, const struct code_step *compare,
                      const struct code_step *branch)
{
    struct subtracted *base = subtracted_of(tracker, &compare->operands[0]);
    if (!base || base->value < SMALLEST || compare->operands[1].value < 0)
        return;
    const struct code_switch *table = switch_near(tracker, compare->address);
    uint64_t count = (uint64_t)compare->operands[1].value + (branch->id == X86_INS_JA);
    if (table && table->targets.count < count)
        count = table->targets.count;
    if (!table && count > MOST_OFFSETS)
        return;
    for (uint32_t i = 0; i < count; i++)
        if (!table || !is_hole(table, i, (uint32_t)branch->operands[0].value))
            add(tracker, base->value + (i << base->shift), base->is_control);
}

static void note_compare(struct tracker *tracker, const struct code_step *step)
{
    struct subtracted *base = subtracted_of(tracker, &step->operands[0]);
    if (step->operands[1].kind != CODE_IMMEDIATE)
        return;
    uint32_t value = (uint32_t)step->operands[1].value;
    add(tracker, base && base->value ? base->value + (value << base->shift) : value,
        is_control(tracker, &step->operands[0]));
    tracker->last = *step;
}

static void note_rotation(struct tracker *tracker, const struct code_step *step)
{
    struct subtracted *base = subtracted_of(tracker, &step->operands[0]);
    int64_t right = step->operands[1].value;
    if (step->id == X86_INS_ROL)
        right = 32 - right;
    if (base && base->value && step->operands[1].kind == CODE_IMMEDIATE && right > 0 && right < 8)
        base->shift = (uint8_t)(base->shift + right);
    else
        forget(tracker, &step->operands[0]);
}

/* clang loads minus the code and adds the request's. */
static void note_move(struct tracker *tracker, const struct code_step *step)
{
    struct subtracted *from = subtracted_of(tracker, &step->operands[1]);
    struct subtracted *to = subtracted_of(tracker, &step->operands[0]);
    uint32_t negated = (uint32_t)-step->operands[1].value;
    if (!to) {
        note_store(tracker, step);
        return;
    }
    *to = from ? *from : (struct subtracted){.is_control = is_control(tracker, &step->operands[1])};
    if (to->is_control)
        tracker->control_registers |= 1u << (to - tracker->registers);
    if (step->operands[1].kind == CODE_IMMEDIATE && negated >= SMALLEST)
        to->negated = negated;
}

static void note_address(struct tracker *tracker, const struct code_step *step)
{
    static const struct subtracted nothing;
    const struct code_operand *from = &step->operands[1];
    if (from->kind == CODE_MEMORY && from->base < CODE_OTHER && from->index == CODE_NO_REG)
        subtract(tracker, &step->operands[0], &tracker->registers[from->base],
                 (uint32_t)-from->value);
    else if (from->kind == CODE_MEMORY && from->base == CODE_NO_REG)
        subtract(tracker, &step->operands[0], &nothing, (uint32_t)-from->value);
    else
        forget(tracker, &step->operands[0]);
}

static void note_arithmetic(struct tracker *tracker, const struct code_step *step)
{
    struct subtracted *to = subtracted_of(tracker, &step->operands[0]);
    const struct code_operand *from = &step->operands[1];
    if (!to)
        return;
    uint32_t negated = step->id == X86_INS_ADD ? to->negated : 0;
    struct subtracted *added = subtracted_of(tracker, from);
    if (!negated && added && step->id == X86_INS_ADD)
        negated = added->negated;
    if (step->id == X86_INS_DEC)
        subtract(tracker, &step->operands[0], to, 1);
    else if (from->kind != CODE_IMMEDIATE && negated)
        subtract(tracker, &step->operands[0],
                 &(struct subtracted){.is_control = is_control(tracker, from)}, negated);
    else if (from->kind != CODE_IMMEDIATE)
        forget(tracker, &step->operands[0]);
    else
        subtract(tracker, &step->operands[0], to,
                 (uint32_t)(step->id == X86_INS_ADD ? -from->value : from->value));
}

static void forget_volatile(struct tracker *tracker)
{
    static const uint8_t registers[] = {CODE_RAX, CODE_RCX, CODE_RDX, 8, 9, 10, 11};
    for (size_t i = 0; i < sizeof(registers); i++)
        tracker->registers[registers[i]] = (struct subtracted){0};
}

static void note(struct tracker *tracker, const struct code_step *step)
{
    switch (step->id) {
    case X86_INS_CMP:
        note_compare(tracker, step);
        break;
    case X86_INS_SUB:
    case X86_INS_ADD:
    case X86_INS_DEC:
        note_arithmetic(tracker, step);
        break;
    case X86_INS_LEA:
        note_address(tracker, step);
        break;
    case X86_INS_MOV:
        note_move(tracker, step);
        break;
    case X86_INS_ROL:
    case X86_INS_ROR:
    case X86_INS_SHR:
        note_rotation(tracker, step);
        break;
    case X86_INS_TEST:
    case X86_INS_BT:
        break;
    default:
        if (step->flow == CODE_CALLS)
            forget_volatile(tracker);
        else if (step->flow == CODE_GOES_ON)
            forget(tracker, &step->operands[0]);
        break;
    }
}

/* The type that a driver gives its device is that of its codes. */
static void note_vendors(struct tracker *tracker, const struct code_step *step)
{
    for (size_t i = 0; i < sizeof(step->operands) / sizeof(*step->operands); i++) {
        uint64_t beyond = (uint64_t)step->operands[i].value - FIRST_VENDOR;
        if (step->operands[i].kind == CODE_IMMEDIATE && beyond < 0x10000 - FIRST_VENDOR)
            tracker->vendors[beyond / 8] |= (uint8_t)(1u << beyond % 8);
    }
}

static void note_function(struct tracker *tracker, uint32_t address)
{
    const struct code_range *function = code_function(tracker->reader, address);
    if (function && function->begin == tracker->function)
        return;
    tracker->function = function ? function->begin : 0;
    tracker->control_count = 0;
    tracker->control_registers = 0;
}

/* Behind a jump other code goes on, where a switch's value is likely in the same register. */
static void forget_all(struct tracker *tracker)
{
    for (unsigned i = 0; i < CODE_OTHER; i++)
        tracker->registers[i] =
            (struct subtracted){.is_control = tracker->control_registers >> i & 1};
}

static void track(struct tracker *tracker, const struct code_step *step)
{
    bool follows = tracker->next == step->address;
    note_function(tracker, step->address);
    if (!follows)
        forget_all(tracker);
    if (follows && tracker->last.id == X86_INS_CMP &&
        (step->id == X86_INS_JA || step->id == X86_INS_JAE))
        add_range(tracker, &tracker->last, step);
    tracker->last.id = 0;
    note(tracker, step);
    note_vendors(tracker, step);
    if (step->flow == CODE_ENDS || step->flow == CODE_JUMPS)
        forget_all(tracker);
    tracker->next = step->address + step->length;
}

static bool is_in(uint32_t address, const struct sb_image *image, unsigned directory)
{
    uint32_t begin, size;
    sb_image_directory(image, directory, &begin, &size);
    return address - begin < size;
}

/* A pointer's lower half may look like a code. */
static bool is_pointer(const struct code_reader *reader, uint32_t address)
{
    uint64_t value;
    return code_read_bytes(reader, address & ~7u, &value, sizeof(value)) &&
           value - reader->base < reader->size;
}

static bool is_table_data(const struct code_reader *reader, uint32_t address)
{
    const struct sb_image *image = reader->image;
    return !is_pointer(reader, address) && !is_in(address, image, SB_IMAGE_EXPORTS) &&
           !is_in(address, image, SB_IMAGE_IMPORTS) && !is_in(address, image, SB_IMAGE_RESOURCES) &&
           !is_in(address, image, SB_IMAGE_EXCEPTIONS) &&
           !is_in(address, image, SB_IMAGE_RELOCATIONS);
}

/* In data a code counts only with a device type that code names too, with the type that most
 * drivers have, or with a vendor's, as which the code holds it. */
static bool is_believable_data(const struct tracker *tracker, size_t named, uint32_t value)
{
    enum { unknown = 0x22, vendor = 0x8000, first_function = 0x800 };
    uint32_t function = value >> 2 & 0xFFF, device = value >> 16;
    if (!looks_like_code(value) || function < first_function)
        return false;
    if (device == unknown || device == vendor)
        return true;
    if (device >= FIRST_VENDOR &&
        tracker->vendors[(device - FIRST_VENDOR) / 8] >> (device - FIRST_VENDOR) % 8 & 1)
        return true;
    for (size_t i = 0; i < named; i++)
        if (tracker->code->codes.items[i] >> 16 == device)
            return true;
    return false;
}

static void search_data(struct tracker *tracker, const struct sb_image_section *section)
{
    const struct code_reader *reader = tracker->reader;
    const uint32_t skipped = SECTION_DISCARDABLE | SECTION_EXECUTABLE;
    size_t named = tracker->code->codes.count;
    uint32_t value, length = section->virtual_size;
    if (length > section->file_size)
        length = section->file_size; /* behind it there are zeros */
    if ((section->characteristics & skipped) || !(section->characteristics & SECTION_INITIALISED) ||
        strcmp(section->name, ".xdata") == 0)
        return;
    for (uint32_t at = 0; at + sizeof(value) <= length; at += sizeof(value))
        if (code_read_bytes(reader, (uint64_t)section->address + at, &value, sizeof(value)) &&
            is_believable_data(tracker, named, value) &&
            is_table_data(reader, section->address + at))
            add(tracker, value, false);
}

void code_collect_control_codes(struct code_reader *reader, struct sb_code *code)
{
    struct tracker tracker = {.reader = reader, .code = code, .next = UINT32_MAX};
    struct sb_image_section section;
    struct code_step step;
    for (uint32_t at = 0; at < reader->size; at++)
        if ((reader->map[at] & CODE_START) && code_decode(reader, at, &step))
            track(&tracker, &step);
    code_list_sort(&code->codes);
    for (uint32_t i = 0; sb_image_section(reader->image, i, &section); i++)
        search_data(&tracker, &section);
    code_list_sort(&code->codes);
}
