/* One instruction, as much of it as the readers of code care for. */
#include <string.h>

#include "host/code/code.h"

/* Each row is one register in all its widths; the order is that of the machine's numbers. */
static const uint16_t registers[][5] = {
    {X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL, X86_REG_AH},
    {X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH},
    {X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL, X86_REG_DH},
    {X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL, X86_REG_BH},
    {X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL},
    {X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL},
    {X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL},
    {X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL},
    {X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B},
    {X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B},
    {X86_REG_R10, X86_REG_R10D, X86_REG_R10W, X86_REG_R10B},
    {X86_REG_R11, X86_REG_R11D, X86_REG_R11W, X86_REG_R11B},
    {X86_REG_R12, X86_REG_R12D, X86_REG_R12W, X86_REG_R12B},
    {X86_REG_R13, X86_REG_R13D, X86_REG_R13W, X86_REG_R13B},
    {X86_REG_R14, X86_REG_R14D, X86_REG_R14W, X86_REG_R14B},
    {X86_REG_R15, X86_REG_R15D, X86_REG_R15W, X86_REG_R15B},
};

static uint8_t register_number(unsigned name)
{
    if (name == X86_REG_INVALID)
        return CODE_NO_REG;
    if (name == X86_REG_RIP)
        return CODE_RIP;
    for (uint8_t i = 0; i < CODE_OTHER; i++)
        for (unsigned width = 0; width < 5; width++)
            if (registers[i][width] == name)
                return i;
    return CODE_OTHER;
}

static struct code_operand operand_of(const cs_x86_op *from)
{
    struct code_operand operand = {
        .size = from->size, .reg = CODE_NO_REG, .base = CODE_NO_REG, .index = CODE_NO_REG};
    switch (from->type) {
    case X86_OP_REG:
        operand.kind = CODE_REGISTER;
        operand.reg = register_number(from->reg);
        break;
    case X86_OP_IMM:
        operand.kind = CODE_IMMEDIATE;
        operand.value = from->imm;
        break;
    case X86_OP_MEM:
        operand.kind = CODE_MEMORY;
        operand.base = register_number(from->mem.base);
        operand.index = register_number(from->mem.index);
        operand.scale = (uint8_t)from->mem.scale;
        operand.value = from->mem.disp;
        break;
    default:
        break;
    }
    return operand;
}

static bool in_group(const cs_detail *detail, uint8_t group)
{
    return memchr(detail->groups, group, detail->groups_count) != NULL;
}

static int flow_of(const cs_insn *instruction)
{
    enum { fast_fail = 0x29 };
    const cs_detail *detail = instruction->detail;
    switch (instruction->id) {
    case X86_INS_JMP:
    case X86_INS_LJMP:
        return CODE_JUMPS;
    case X86_INS_LOOP:
    case X86_INS_LOOPE:
    case X86_INS_LOOPNE:
    case X86_INS_JRCXZ:
    case X86_INS_JECXZ:
        return CODE_BRANCHES;
    case X86_INS_INT3:
    case X86_INS_UD2:
    case X86_INS_HLT:
        return CODE_ENDS;
    case X86_INS_INT:
        return detail->x86.operands[0].imm == fast_fail ? CODE_ENDS : CODE_GOES_ON;
    default:
        break;
    }
    if (in_group(detail, CS_GRP_RET) || in_group(detail, CS_GRP_IRET))
        return CODE_ENDS;
    if (in_group(detail, CS_GRP_CALL))
        return CODE_CALLS;
    return in_group(detail, CS_GRP_JUMP) ? CODE_BRANCHES : CODE_GOES_ON;
}

bool code_decode(const struct code_reader *reader, uint32_t address, struct code_step *step)
{
    enum { longest = 15 };
    if (address >= reader->size)
        return false;
    const uint8_t *bytes = reader->bytes + address;
    size_t left = reader->size - address < longest ? reader->size - address : longest;
    uint64_t at = address;
    cs_insn *instruction = reader->instruction;
    if (!cs_disasm_iter(reader->engine, &bytes, &left, &at, instruction))
        return false;
    const cs_x86 *x86 = &instruction->detail->x86;
    *step =
        (struct code_step){.address = address, .length = instruction->size, .id = instruction->id};
    for (unsigned i = 0; i < 2 && i < x86->op_count; i++)
        step->operands[i] = operand_of(&x86->operands[i]);
    step->flow = flow_of(instruction);
    return true;
}

bool code_rip_address(const struct code_step *step, const struct code_operand *operand,
                      uint32_t *address)
{
    if (operand->kind != CODE_MEMORY || operand->base != CODE_RIP)
        return false;
    int64_t target = (int64_t)step->address + step->length + operand->value;
    if (target < 0 || target > UINT32_MAX)
        return false;
    *address = (uint32_t)target;
    return true;
}

bool code_is_executable(const struct code_reader *reader, uint64_t address)
{
    return address < reader->size && (reader->map[address] & CODE_EXECUTABLE);
}

bool code_read_bytes(const struct code_reader *reader, uint64_t address, void *value, size_t size)
{
    if (address > reader->size || size > reader->size - address)
        return false;
    memcpy(value, reader->bytes + address, size);
    return true;
}
