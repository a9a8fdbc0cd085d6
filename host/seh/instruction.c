#include "host/seh/instruction.h"
#include "host/seh/safe_memory.h"
#include "host/seh/virtual_unwind.h"

static bool is_prefix(struct instruction *instruction, uint8_t byte)
{
    switch (byte) {
    case 0x66:
        instruction->operand_size = true;
        return true;
    case 0x64:
    case 0x65:
        instruction->segment = true;
        return true;
    case 0xF2:
    case 0xF3:
        instruction->repeat = byte;
        return true;
    case 0x26:
    case 0x2E:
    case 0x36:
    case 0x3E:
    case 0x67:
    case 0xF0:
        return true;
    default:
        return false;
    }
}

void instruction_fetch(struct instruction *instruction, const CONTEXT *context)
{
    unsigned at = 0;

    *instruction = (struct instruction){0};
    instruction->length_read =
        (uint8_t)seh_read_some(context->Rip, instruction->bytes, sizeof instruction->bytes);
    while (at < instruction->length_read && is_prefix(instruction, instruction->bytes[at]))
        at++;
    if ((instruction_byte(instruction, at) & 0xF0) == 0x40)
        instruction->rex = instruction->bytes[at++];
    instruction->opcode_at = (uint8_t)at;
}

static int32_t displacement(const struct instruction *instruction, unsigned index, unsigned size)
{
    uint32_t value = 0;

    if (size == 1)
        return (int8_t)instruction_byte(instruction, index);
    for (unsigned i = size; i-- > 0;)
        value = value << 8 | instruction_byte(instruction, index + i);
    return (int32_t)value;
}

/* base + index * scale of a SIB byte; displacement_size becomes 4 when there is no base. */
static uint64_t sib_address(const struct instruction *instruction, uint8_t sib, uint8_t mod,
                            CONTEXT *context, unsigned *displacement_size)
{
    unsigned index = ((sib >> 3) & 7u) | (instruction->rex & 2u) << 2;
    unsigned base = (sib & 7u) | (instruction->rex & 1u) << 3;
    uint64_t address = 0;

    if (index != 4)
        address = context_registers(context)[index] << (sib >> 6);
    if ((base & 7) == 5 && mod == 0)
        *displacement_size = 4;
    else
        address += context_registers(context)[base];
    return address;
}

bool instruction_operand(const struct instruction *instruction, unsigned index,
                         unsigned immediate_length, const CONTEXT *context, struct operand *operand)
{
    uint8_t modrm = instruction_byte(instruction, index);
    uint8_t mod = modrm >> 6;
    unsigned base = (modrm & 7u) | (instruction->rex & 1u) << 3;
    unsigned size = mod == 1 ? 1 : mod == 2 ? 4 : 0;
    unsigned sib_length = mod != 3 && (modrm & 7) == 4;
    CONTEXT *registers = (CONTEXT *)context;

    *operand = (struct operand){.reg = ((modrm >> 3) & 7u) | (instruction->rex & 4u) << 1};
    if (mod == 3) {
        operand->number = base;
        operand->length = 1;
        return true;
    }
    bool rip_relative = mod == 0 && (modrm & 7) == 5;
    if (rip_relative)
        size = 4;
    else if (sib_length)
        operand->address = sib_address(instruction, instruction_byte(instruction, index + 1), mod,
                                       registers, &size);
    else
        operand->address = context_registers(registers)[base];

    operand->memory = true;
    operand->length = 1 + sib_length + size;
    operand->address += (uint64_t)(int64_t)displacement(instruction, index + 1 + sib_length, size);
    if (rip_relative)
        operand->address += context->Rip + index + operand->length + immediate_length;
    return !instruction->segment;
}

unsigned instruction_width(const struct instruction *instruction, bool is_byte)
{
    if (is_byte)
        return 1;
    if (instruction->rex & 8)
        return 8;
    return instruction->operand_size ? 2 : 4;
}
