/* Which address an instruction wanted: the processor does not tell when it is not canonical. */
#include "host/seh/instruction.h"
#include "host/seh/safe_memory.h"
#include "host/seh/virtual_unwind.h"
#include "host/verifier/fault_place.h"

enum { RSI = 6, RDI = 7 };

static BOOLEAN has_modrm(uint8_t opcode)
{
    if (opcode < 0x40)
        return (opcode & 7) < 4;
    switch (opcode) {
    case 0x63:
    case 0x69:
    case 0x6B:
    case 0xC0:
    case 0xC1:
    case 0xC6:
    case 0xC7:
    case 0xF6:
    case 0xF7:
    case 0xFE:
    case 0xFF:
        return TRUE;
    default:
        return (opcode >= 0x80 && opcode <= 0x8F) || (opcode >= 0xD0 && opcode <= 0xD3) ||
               (opcode >= 0xD8 && opcode <= 0xDF);
    }
}

/* Where the ModRM byte is; 0 when the instruction has none. VEX prefixes become a REX. */
static unsigned modrm_index(struct instruction *instruction)
{
    unsigned at = instruction->opcode_at;
    uint8_t opcode = instruction_byte(instruction, at);
    uint8_t next = instruction_byte(instruction, at + 1);
    if (opcode == 0x0F)
        return at + (next == 0x38 || next == 0x3A ? 3 : 2);
    if (opcode == 0xC5) {
        instruction->rex = next & 0x80 ? 0x40 : 0x44;
        return at + 3;
    }
    if (opcode == 0xC4) {
        instruction->rex = (uint8_t)(0x40 | (~next >> 5 & 7));
        return at + 4;
    }
    return has_modrm(opcode) ? at + 1 : 0;
}

static BOOLEAN take(uint64_t candidate, uint64_t *address)
{
    if (fault_is_canonical(candidate))
        return FALSE;
    *address = candidate;
    return TRUE;
}

/* movs, cmps, stos, lods, scas. */
static BOOLEAN string_operand(uint8_t opcode, CONTEXT *context, uint64_t *address)
{
    const uint64_t *registers = context_registers(context);
    if (opcode < 0xA4 || opcode > 0xAF || opcode == 0xA8 || opcode == 0xA9)
        return FALSE;
    return take(registers[RDI], address) || take(registers[RSI], address);
}

/* Opcode FF: call and jmp through a register or memory. */
static BOOLEAN branch_target(const struct instruction *instruction, const struct operand *operand,
                             CONTEXT *context, uint64_t *address)
{
    unsigned extension = (instruction_byte(instruction, instruction->opcode_at + 1u) >> 3) & 7;
    uint64_t target = 0;
    if (instruction_byte(instruction, instruction->opcode_at) != 0xFF ||
        (extension != 2 && extension != 4))
        return FALSE;
    if (!operand->memory)
        target = context_registers(context)[operand->number];
    else if (seh_read_some(operand->address, &target, sizeof(target)) != sizeof(target))
        return FALSE;
    return take(target, address);
}

BOOLEAN fault_find_operand(const CONTEXT *context, uint64_t *address, enum fault_branch *branch)
{
    CONTEXT copy = *context;
    struct instruction instruction;
    struct operand operand;

    *branch = FAULT_NO_BRANCH;
    instruction_fetch(&instruction, context);
    uint8_t opcode = instruction_byte(&instruction, instruction.opcode_at);
    if (opcode == 0xC3 || opcode == 0xC2) {
        *branch = FAULT_RETURN;
        return seh_read_some(context->Rsp, address, sizeof(*address)) == sizeof(*address) &&
               !fault_is_canonical(*address);
    }
    if (string_operand(opcode, &copy, address))
        return TRUE;
    unsigned index = modrm_index(&instruction);
    if (!index || !instruction_operand(&instruction, index, 0, context, &operand))
        return FALSE;
    if (operand.memory && take(operand.address, address))
        return TRUE;
    *branch = FAULT_CALL;
    return branch_target(&instruction, &operand, &copy, address);
}

BOOLEAN fault_find_memory(const CONTEXT *context, uint64_t *address)
{
    struct instruction instruction;
    struct operand operand;

    instruction_fetch(&instruction, context);
    unsigned index = modrm_index(&instruction);
    if (!index || !instruction_operand(&instruction, index, 0, context, &operand) ||
        !operand.memory)
        return FALSE;
    *address = operand.address;
    return TRUE;
}
