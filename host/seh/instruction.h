/* The memory and register operand of an x86-64 instruction with a ModRM byte. */
#ifndef SYSBUF_HOST_SEH_INSTRUCTION_H
#define SYSBUF_HOST_SEH_INSTRUCTION_H

#include "host/seh/context.h"

struct instruction {
    uint8_t bytes[15];
    uint8_t length_read;
    bool operand_size; /* 0x66 prefix */
    bool segment;      /* an FS or GS prefix: addresses are not computed */
    uint8_t repeat;    /* 0xF2 or 0xF3 prefix, or 0 */
    uint8_t rex;       /* 0x40 to 0x4F, or 0 */
    uint8_t opcode_at; /* index of the first opcode byte */
};

struct operand {
    bool memory;
    uint64_t address; /* memory */
    unsigned number;  /* register, when not memory */
    unsigned reg;     /* the reg field, with REX.R */
    unsigned length;  /* bytes of ModRM, SIB and displacement */
};

/* Reads the instruction at context->Rip as far as it is readable, and its prefixes. */
void instruction_fetch(struct instruction *instruction, const CONTEXT *context);

/* The byte at an index, 0 behind what was readable. */
static inline uint8_t instruction_byte(const struct instruction *instruction, unsigned index)
{
    return index < instruction->length_read ? instruction->bytes[index] : 0;
}

/* Decodes the ModRM byte at index. immediate_length: bytes behind the operand, which rip-relative
 * addresses count. False with a segment prefix. */
bool instruction_operand(const struct instruction *instruction, unsigned index,
                         unsigned immediate_length, const CONTEXT *context,
                         struct operand *operand);

/* 1, 2, 4 or 8 bytes: the operand size of an opcode that is for bytes when its bit 0 is clear. */
unsigned instruction_width(const struct instruction *instruction, bool is_byte);

#endif
