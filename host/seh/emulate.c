/* What a kernel may do and a process may not, done for it in the signal handler. */
#include "host/ke/kpcr.h"
#include "host/seh/exception.h"
#include "host/seh/instruction.h"
#include "host/seh/shared_data.h"
#include "host/seh/virtual_unwind.h"

#define FLAG_CARRY    0x001u
#define FLAG_ZERO     0x040u
#define FLAG_SIGN     0x080u
#define FLAG_OVERFLOW 0x800u

/* mov to or from cr8, which is the IRQL: [rex] 0F 20|22 /0 with REX.R. */
static BOOLEAN emulate_cr8(const struct instruction *instruction, CONTEXT *context)
{
    unsigned at = instruction->opcode_at;
    uint8_t direction = instruction_byte(instruction, at + 1);
    uint8_t modrm = instruction_byte(instruction, at + 2);

    if (instruction_byte(instruction, at) != 0x0F || (direction != 0x20 && direction != 0x22) ||
        !(instruction->rex & 4) || (modrm & 0xF8) != 0xC0)
        return FALSE;
    uint64_t *general = &context_registers(context)[(modrm & 7u) | (instruction->rex & 1u) << 3];
    if (direction == 0x20)
        *general = current_kpcr()->irql;
    else if ((*general & 15) < DISPATCH_LEVEL && (*general & 15) < current_kpcr()->irql)
        return FALSE; /* DPCs or APCs may wait for this: exception_handle_fault lowers the IRQL */
    else
        current_kpcr()->irql = (UCHAR)(*general & 15);
    context->Rip += at + 3;
    return TRUE;
}

/* A load that is understood: what it reads and what becomes of it. */
struct load {
    enum {
        LOAD_MOVE,
        LOAD_SIGN_EXTEND,
        LOAD_COMPARE, /* from here on the register's value counts too */
        LOAD_COMPARE_REVERSED,
        LOAD_TEST,
        LOAD_ADD,
        LOAD_SUBTRACT,
        LOAD_OR,
        LOAD_AND,
        LOAD_XOR,
    } kind;
    unsigned width;       /* bytes read */
    unsigned target;      /* register, or -1u when the other operand is immediate */
    unsigned target_size; /* bytes written */
    uint64_t immediate;
    unsigned length; /* of the instruction */
};

static uint64_t immediate_at(const struct instruction *instruction, unsigned index, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = size; i-- > 0;)
        value = value << 8 | instruction_byte(instruction, index + i);
    unsigned unused = 64 - size * 8;
    return size ? (uint64_t)((int64_t)(value << unused) >> unused) : 0;
}

static bool decode_two_byte(const struct instruction *instruction, struct load *load)
{
    uint8_t opcode = instruction_byte(instruction, instruction->opcode_at + 1u);

    load->target_size = instruction_width(instruction, false);
    load->width = opcode & 1 ? 2 : 1;
    load->kind = opcode >= 0xBE ? LOAD_SIGN_EXTEND : LOAD_MOVE;
    return opcode == 0xB6 || opcode == 0xB7 || opcode == 0xBE || opcode == 0xBF;
}

/* add, or, and, sub, xor reg, [memory]. */
static bool decode_arithmetic(uint8_t opcode, struct load *load)
{
    switch (opcode & 0xFE) {
    case 0x02:
        load->kind = LOAD_ADD;
        return true;
    case 0x0A:
        load->kind = LOAD_OR;
        return true;
    case 0x22:
        load->kind = LOAD_AND;
        return true;
    case 0x2A:
        load->kind = LOAD_SUBTRACT;
        return true;
    case 0x32:
        load->kind = LOAD_XOR;
        return true;
    default:
        return false;
    }
}

/* Opcodes with a ModRM operand in memory; immediate is the number of bytes behind it. */
static bool decode_one_byte(const struct instruction *instruction, uint8_t opcode,
                            struct load *load, unsigned *immediate)
{
    uint8_t extension = (instruction_byte(instruction, instruction->opcode_at + 1u) >> 3) & 7;

    load->width = load->target_size = instruction_width(instruction, !(opcode & 1));
    switch (opcode) {
    case 0x8A:
    case 0x8B:
        load->kind = LOAD_MOVE;
        return true;
    case 0x63:
        load->kind = LOAD_SIGN_EXTEND;
        load->width = 4;
        load->target_size = instruction_width(instruction, false);
        return true;
    case 0x38:
    case 0x39:
        load->kind = LOAD_COMPARE;
        return true;
    case 0x3A:
    case 0x3B:
        load->kind = LOAD_COMPARE_REVERSED;
        return true;
    case 0x84:
    case 0x85:
        load->kind = LOAD_TEST;
        return true;
    case 0x80:
    case 0x81:
    case 0x83:
        load->kind = LOAD_COMPARE;
        load->target = -1u;
        *immediate = opcode == 0x81 ? (load->width == 2 ? 2 : 4) : 1;
        return extension == 7;
    case 0xF6:
    case 0xF7:
        load->kind = LOAD_TEST;
        load->target = -1u;
        *immediate = load->width == 8 ? 4 : load->width;
        return extension <= 1;
    default:
        return decode_arithmetic(opcode, load);
    }
}

/* mov al|ax|eax|rax, [64 bit address]: how a read of a constant address is often written. */
static bool decode_absolute(const struct instruction *instruction, uint8_t opcode,
                            struct load *load, uint64_t *address)
{
    unsigned at = instruction->opcode_at + 1u;

    if (opcode != 0xA0 && opcode != 0xA1)
        return false;
    load->kind = LOAD_MOVE;
    load->width = load->target_size = instruction_width(instruction, opcode == 0xA0);
    load->length = at + 8;
    *address = immediate_at(instruction, at, 8);
    return true;
}

static bool decode_load(const struct instruction *instruction, const CONTEXT *context,
                        struct load *load, uint64_t *address)
{
    unsigned at = instruction->opcode_at;
    uint8_t opcode = instruction_byte(instruction, at);
    unsigned immediate = 0;
    struct operand operand;

    *load = (struct load){0};
    if (decode_absolute(instruction, opcode, load, address))
        return true;
    bool two = opcode == 0x0F;
    if (two ? !decode_two_byte(instruction, load)
            : !decode_one_byte(instruction, opcode, load, &immediate))
        return false;
    if (!instruction_operand(instruction, at + 1 + two, immediate, context, &operand) ||
        !operand.memory)
        return false;
    unsigned end = at + 1 + two + operand.length;
    if (load->target != -1u)
        load->target = operand.reg;
    load->immediate = immediate_at(instruction, end, immediate);
    load->length = end + immediate;
    *address = operand.address;
    return true;
}

/* Where a byte register lies: ah, ch, dh and bh are the second bytes of the first four. */
static UCHAR *register_bytes(const struct instruction *instruction, CONTEXT *context,
                             unsigned number, unsigned size)
{
    if (size == 1 && !instruction->rex && number >= 4)
        return (UCHAR *)&context_registers(context)[number - 4] + 1;
    return (UCHAR *)&context_registers(context)[number];
}

static void write_register(const struct instruction *instruction, CONTEXT *context,
                           const struct load *load, uint64_t value)
{
    UCHAR *target = register_bytes(instruction, context, load->target, load->target_size);

    /* A 32 bit result clears the upper half; narrower ones leave the rest alone. */
    __builtin_memcpy(target, &value, load->target_size == 4 ? 8 : load->target_size);
}

/* Flags of left - right, or of left & right, on operands of width bytes. */
static void set_flags(CONTEXT *context, bool subtract, uint64_t left, uint64_t right,
                      unsigned width)
{
    unsigned unused = 64 - width * 8;
    uint64_t flags = context->EFlags & ~(FLAG_CARRY | FLAG_ZERO | FLAG_SIGN | FLAG_OVERFLOW);

    left <<= unused;
    right <<= unused;
    uint64_t result = subtract ? left - right : left & right;
    flags |= result == 0 ? FLAG_ZERO : 0;
    flags |= result >> 63 ? FLAG_SIGN : 0;
    flags |= subtract && left < right ? FLAG_CARRY : 0;
    flags |= subtract && ((left ^ right) & (left ^ result)) >> 63 ? FLAG_OVERFLOW : 0;
    context->EFlags = (ULONG)flags;
}

static void set_flags_of_sum(CONTEXT *context, uint64_t left, uint64_t right, unsigned width)
{
    unsigned unused = 64 - width * 8;
    uint64_t flags = context->EFlags & ~(FLAG_CARRY | FLAG_ZERO | FLAG_SIGN | FLAG_OVERFLOW);

    left <<= unused;
    right <<= unused;
    uint64_t result = left + right;
    flags |= result == 0 ? FLAG_ZERO : 0;
    flags |= result >> 63 ? FLAG_SIGN : 0;
    flags |= result < left ? FLAG_CARRY : 0;
    flags |= (~(left ^ right) & (left ^ result)) >> 63 ? FLAG_OVERFLOW : 0;
    context->EFlags = (ULONG)flags;
}

/* reg = reg OPERATION value, with its flags. */
static void finish_arithmetic(const struct instruction *instruction, CONTEXT *context,
                              const struct load *load, uint64_t reg, uint64_t value)
{
    uint64_t result;

    switch (load->kind) {
    case LOAD_ADD:
        result = reg + value;
        set_flags_of_sum(context, reg, value, load->width);
        break;
    case LOAD_SUBTRACT:
        result = reg - value;
        set_flags(context, true, reg, value, load->width);
        break;
    default:
        result = load->kind == LOAD_OR    ? reg | value
                 : load->kind == LOAD_AND ? reg & value
                                          : reg ^ value;
        set_flags(context, false, result, result, load->width);
        break;
    }
    write_register(instruction, context, load, result & (UINT64_MAX >> (64 - load->width * 8)));
}

static void finish_load(const struct instruction *instruction, CONTEXT *context,
                        const struct load *load, uint64_t value)
{
    uint64_t other = load->immediate;
    unsigned unused = 64 - load->width * 8;

    if (load->kind >= LOAD_COMPARE && load->target != -1u) {
        other = 0;
        __builtin_memcpy(&other, register_bytes(instruction, context, load->target, load->width),
                         load->width);
    }
    switch (load->kind) {
    case LOAD_MOVE:
        write_register(instruction, context, load, value & (UINT64_MAX >> unused));
        break;
    case LOAD_SIGN_EXTEND: {
        uint64_t extended = (uint64_t)((int64_t)(value << unused) >> unused);
        write_register(instruction, context, load,
                       load->target_size == 4 ? (uint32_t)extended : extended);
        break;
    }
    case LOAD_COMPARE:
        set_flags(context, true, value, other, load->width);
        break;
    case LOAD_COMPARE_REVERSED:
        set_flags(context, true, other, value, load->width);
        break;
    case LOAD_TEST:
        set_flags(context, false, value, other, load->width);
        break;
    default:
        finish_arithmetic(instruction, context, load, other, value);
        break;
    }
    context->Rip += load->length;
}

static BOOLEAN emulate_shared_data(const struct instruction *instruction, CONTEXT *context)
{
    struct load load;
    uint64_t address;
    uint64_t value = 0;

    if (!decode_load(instruction, context, &load, &address) || address < SHARED_DATA_ADDRESS ||
        !shared_data_read(current_machine(), address - SHARED_DATA_ADDRESS, &value, load.width))
        return FALSE;
    finish_load(instruction, context, &load, value);
    return TRUE;
}

/* Only what the emulation touches is carried over: this runs in the signal handler. */
BOOLEAN fault_emulate(struct linux_fault *fault)
{
    struct instruction instruction;
    CONTEXT context;

    if (fault->kind != LINUX_FAULT_ACCESS || !fault->general_protection)
        return FALSE;
    __builtin_memcpy(&context.Rax, &fault->registers.rax, 16 * sizeof(uint64_t));
    context.Rip = fault->registers.rip;
    instruction_fetch(&instruction, &context);
    if (!emulate_cr8(&instruction, &context))
        return FALSE;
    __builtin_memcpy(&fault->registers.rax, &context.Rax, 16 * sizeof(uint64_t));
    fault->registers.rip = context.Rip;
    return TRUE;
}

/* mov cr8 that emulate_cr8 has left. */
static BOOLEAN lower_irql(const struct instruction *instruction, CONTEXT *context)
{
    unsigned at = instruction->opcode_at;
    uint8_t modrm = instruction_byte(instruction, at + 2);

    if (instruction_byte(instruction, at) != 0x0F ||
        instruction_byte(instruction, at + 1) != 0x22 || !(instruction->rex & 4) ||
        (modrm & 0xF8) != 0xC0)
        return FALSE;
    unsigned number = (modrm & 7u) | (instruction->rex & 1u) << 3;
    KeLowerIrql((KIRQL)(context_registers(context)[number] & 15));
    context->Rip += at + 3;
    return TRUE;
}

BOOLEAN fault_emulate_on_thread(const struct linux_fault *fault, CONTEXT *context)
{
    struct instruction instruction;
    bool shared = !fault->general_protection && !fault->write && !fault->execute &&
                  fault->address - SHARED_DATA_ADDRESS < SHARED_DATA_SIZE;

    if (fault->kind != LINUX_FAULT_ACCESS || (!fault->general_protection && !shared))
        return FALSE;
    instruction_fetch(&instruction, context);
    return shared ? emulate_shared_data(&instruction, context) : lower_irql(&instruction, context);
}
