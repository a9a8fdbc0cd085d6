#include "host/verifier/access_size.h"

#include "host/seh/instruction.h"

static BOOLEAN is_string(uint8_t opcode)
{
    return (opcode >= 0xA4 && opcode <= 0xA7) || (opcode >= 0xAA && opcode <= 0xAF);
}

/* 0F xx: extensions, and moves of SSE. */
static SIZE_T two_byte_size(const struct instruction *instruction)
{
    uint8_t opcode = instruction_byte(instruction, instruction->opcode_at + 1u);
    switch (opcode) {
    case 0xB6:
    case 0xBE: /* movzx, movsx from a byte */
    case 0xB0:
    case 0xC0: /* cmpxchg, xadd */
        return 1;
    case 0xB7:
    case 0xBF:
        return 2;
    case 0x12:
    case 0x13:
    case 0x16:
    case 0x17:
    case 0xD6: /* movlps, movhps, movq */
        return 8;
    case 0x6E:
    case 0x7E: /* movd, movq */
        return instruction->repeat == 0xF3 || (instruction->rex & 8) ? 8 : 4;
    default:
        break;
    }
    BOOLEAN is_vector = (opcode >= 0x10 && opcode <= 0x17) || (opcode >= 0x28 && opcode <= 0x2F) ||
                        (opcode >= 0x50 && opcode <= 0x7F) || opcode >= 0xD0 || opcode == 0xE7;
    if (!is_vector)
        return instruction_width(instruction, false);
    if (opcode >= 0x60 && opcode != 0x6F && opcode != 0x7F)
        return 16;
    if (opcode == 0x6F || opcode == 0x7F)
        return instruction->operand_size || instruction->repeat ? 16 : 8;
    return instruction->repeat == 0xF3 ? 4 : instruction->repeat == 0xF2 ? 8 : 16;
}

static SIZE_T one_byte_size(const struct instruction *instruction, uint8_t opcode)
{
    if (opcode == 0xC5 || opcode == 0xC4) { /* VEX: its L bit */
        uint8_t prefix =
            instruction_byte(instruction, instruction->opcode_at + (opcode == 0xC5 ? 1u : 2u));
        return prefix & 4 ? 32 : 16;
    }
    if (opcode == 0x63)
        return 4; /* movsxd */
    if (opcode == 0xFF) {
        uint8_t extension = (instruction_byte(instruction, instruction->opcode_at + 1u) >> 3) & 7;
        if (extension >= 2)
            return 8; /* call, jmp, push */
    }
    return instruction_width(instruction, !(opcode & 1));
}

struct verifier_access_size verifier_access_size(const CONTEXT *context)
{
    struct instruction instruction;
    instruction_fetch(&instruction, context);
    uint8_t opcode = instruction_byte(&instruction, instruction.opcode_at);
    if (opcode == 0x0F)
        return (struct verifier_access_size){two_byte_size(&instruction), FALSE};
    SIZE_T size = one_byte_size(&instruction, opcode);
    if (is_string(opcode) && instruction.repeat)
        return (struct verifier_access_size){context->EFlags & 0x400 ? size : size * context->Rcx,
                                             TRUE};
    return (struct verifier_access_size){size, FALSE};
}
