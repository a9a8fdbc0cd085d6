/* What a kernel may do and a process may not, done for it in the signal handler. */
#include "host/ke/ke.h"
#include "host/ke/kpcr.h"
#include "host/seh/exception.h"
#include "host/seh/instruction.h"
#include "host/seh/virtual_unwind.h"

/* mov to or from cr8, which is the IRQL: [rex] 0F 20|22 /0 with REX.R. */
static BOOLEAN emulate_cr8(const struct instruction *instruction, struct linux_registers *registers)
{
    unsigned at = instruction->opcode_at;
    uint8_t direction = instruction_byte(instruction, at + 1);
    uint8_t modrm = instruction_byte(instruction, at + 2);

    if (instruction_byte(instruction, at) != 0x0F || (direction != 0x20 && direction != 0x22) ||
        !(instruction->rex & 4) || (modrm & 0xF8) != 0xC0)
        return FALSE;
    uint64_t *general = &registers->rax + ((modrm & 7u) | (instruction->rex & 1u) << 3);
    if (direction == 0x20)
        *general = current_kpcr()->irql;
    else
        current_kpcr()->irql = (UCHAR)(*general & 15);
    registers->rip += at + 3;
    return TRUE;
}

BOOLEAN fault_emulate(struct linux_fault *fault)
{
    struct instruction instruction;
    CONTEXT context;

    if (fault->kind != LINUX_FAULT_ACCESS || !fault->general_protection)
        return FALSE;
    context.Rip = fault->registers.rip;
    instruction_fetch(&instruction, &context);
    return emulate_cr8(&instruction, &fault->registers);
}
