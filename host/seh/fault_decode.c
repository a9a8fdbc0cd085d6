/* Faults that only the instruction tells apart. */
#include "host/seh/fault_record.h"
#include "host/seh/instruction.h"
#include "host/seh/safe_memory.h"
#include "host/seh/virtual_unwind.h"

static uint64_t register_part(CONTEXT *context, const struct instruction *instruction,
                              unsigned number, unsigned width)
{
    bool high_byte = width == 1 && !instruction->rex && number >= 4; /* ah, ch, dh, bh */
    uint64_t value = context_registers(context)[high_byte ? number - 4 : number];

    if (high_byte)
        value >>= 8;
    return width == 8 ? value : value & ((1ull << width * 8) - 1);
}

NTSTATUS fault_division_status(const CONTEXT *context)
{
    struct instruction instruction;
    struct operand operand;
    uint64_t divisor = 0;

    instruction_fetch(&instruction, context);
    uint8_t opcode = instruction_byte(&instruction, instruction.opcode_at);
    unsigned width = instruction_width(&instruction, opcode == 0xF6);
    if ((opcode != 0xF6 && opcode != 0xF7) ||
        !instruction_operand(&instruction, instruction.opcode_at + 1u, 0, context, &operand))
        return STATUS_INTEGER_DIVIDE_BY_ZERO;
    if (!operand.memory)
        divisor = register_part((CONTEXT *)context, &instruction, operand.number, width);
    else if (seh_read_some(operand.address, &divisor, width) != width)
        return STATUS_INTEGER_DIVIDE_BY_ZERO;
    return divisor ? STATUS_INTEGER_OVERFLOW : STATUS_INTEGER_DIVIDE_BY_ZERO;
}

static bool is_privileged_two_byte(uint8_t second, uint8_t modrm)
{
    unsigned extension = (modrm >> 3) & 7;

    switch (second) {
    case 0x00: /* lldt, ltr */
        return extension == 2 || extension == 3;
    case 0x01: /* lgdt, lidt, lmsw, invlpg; swapgs and kin */
        return extension == 2 || extension == 3 || extension == 6 || extension == 7;
    case 0x06: /* clts */
    case 0x08: /* invd */
    case 0x09: /* wbinvd */
    case 0x20: /* mov from and to control and debug registers */
    case 0x21:
    case 0x22:
    case 0x23:
    case 0x30: /* wrmsr */
    case 0x32: /* rdmsr */
    case 0x33: /* rdpmc */
        return true;
    default:
        return false;
    }
}

NTSTATUS fault_protection_status(const CONTEXT *context)
{
    struct instruction instruction;

    instruction_fetch(&instruction, context);
    unsigned at = instruction.opcode_at;
    uint8_t opcode = instruction_byte(&instruction, at);
    bool privileged;
    switch (opcode) {
    case 0x0F:
        privileged = is_privileged_two_byte(instruction_byte(&instruction, at + 1),
                                            instruction_byte(&instruction, at + 2));
        break;
    case 0x6C: /* ins, outs */
    case 0x6D:
    case 0x6E:
    case 0x6F:
    case 0xE4: /* in, out */
    case 0xE5:
    case 0xE6:
    case 0xE7:
    case 0xEC:
    case 0xED:
    case 0xEE:
    case 0xEF:
    case 0xF4: /* hlt */
    case 0xFA: /* cli, sti */
    case 0xFB:
        privileged = true;
        break;
    default:
        privileged = false;
    }
    return privileged ? STATUS_PRIVILEGED_INSTRUCTION : STATUS_ACCESS_VIOLATION;
}
