/*
 * At which IRQL a driver calls what: imports of the routines in irql_list.h are bound to stubs that
 * look at the IRQL and jump on. The row of a stub is filled when an import first needs it; rows are
 * the same for all machines of the process.
 */
#include <sysbuf/host.h>

#include "host/ke/text.h"
#include "host/ke/thread.h"
#include "host/verifier/interpose.h"
#include "host/verifier/irql.h"
#include "host/verifier/state.h"

enum { MOST_ROWS = 512, NAME_SIZE = 56 };

/* The arguments of a call, as the stub found them. */
struct irql_call {
    uint64_t rcx, rdx, r8, r9;
    const uint64_t *stack; /* at the return address: argument 5 is stack[5] */
};

struct irql_limit {
    const char *name;
    enum verifier_rule rule;
    KIRQL minimum, maximum;
    BOOLEAN (*applies)(const struct irql_call *call);
};

/* Read by the stubs: the offsets and the size are in their code. */
struct irql_row {
    const void *target;
    const struct irql_limit *limit;
    const char *name;
    KIRQL minimum, maximum;
    UCHAR reserved[6];
};
_Static_assert(sizeof(struct irql_row) == 32 && FIELD_OFFSET(struct irql_row, minimum) == 24 &&
                   FIELD_OFFSET(struct irql_row, maximum) == 25,
               "as the stubs know it");

static struct irql_row rows[MOST_ROWS] __attribute__((used));
static char names[MOST_ROWS][NAME_SIZE]; /* an image's import table may be discarded */
static uint32_t row_count;               /* under the lock, as is filling a row */
static struct linux_lock row_lock;

extern const UCHAR verifier_irql_stubs[] __attribute__((visibility("hidden")));

/* ---- what depends on the arguments ---- */
static BOOLEAN waits(const void *timeout)
{
    const LARGE_INTEGER *interval = timeout;
    PKTHREAD thread = &current_thread()->Tcb;
    if (thread->wait_next && thread->wait_next_irql < DISPATCH_LEVEL)
        return FALSE; /* KeSetEvent with Wait=TRUE raised the IRQL for this wait */
    return !interval || interval->QuadPart != 0 || KeGetCurrentIrql() > DISPATCH_LEVEL;
}

static BOOLEAN single_wait_blocks(const struct irql_call *call)
{
    return waits((const void *)call->stack[5]);
}

static BOOLEAN multiple_wait_blocks(const struct irql_call *call)
{
    return waits((const void *)call->stack[7]);
}

static BOOLEAN locks_user_pages(const struct irql_call *call)
{
    return (UCHAR)call->rdx != KernelMode || KeGetCurrentIrql() > DISPATCH_LEVEL;
}

/* %ws, %wc, %wZ, %ls, %lc, %S, %C convert characters by pageable tables. */
static BOOLEAN has_unicode(const char *format)
{
    for (; *format; format++) {
        if (*format != '%')
            continue;
        do
            format++;
        while ((*format >= '0' && *format <= '9') || *format == '-' || *format == '.' ||
               *format == '*' || *format == '+' || *format == ' ' || *format == '#');
        BOOLEAN wide = *format == 'w' || *format == 'l';
        format += wide;
        if (*format == 'S' || *format == 'C' ||
            (wide && (*format == 's' || *format == 'c' || *format == 'Z')))
            return TRUE;
        if (!*format)
            return FALSE;
    }
    return FALSE;
}

static BOOLEAN first_has_unicode(const struct irql_call *call)
{
    return has_unicode((const char *)call->rcx);
}

static BOOLEAN third_has_unicode(const struct irql_call *call)
{
    return has_unicode((const char *)call->r8);
}

static const struct irql_limit limits[] = {
#define IRQL(rule, name, minimum, maximum, applies) {name, rule, minimum, maximum, applies},
#include "host/verifier/irql_list.h"
#undef IRQL
};

/* ---- binding ---- */
static BOOLEAN matches(const char *pattern, const char *name)
{
    while (*pattern && *pattern == *name) {
        pattern++;
        name++;
    }
    return *pattern == '*' || *pattern == *name;
}

static const struct irql_limit *find_limit(const char *name)
{
    for (ULONG i = 0; i < RTL_NUMBER_OF(limits); i++)
        if (matches(limits[i].name, name))
            return &limits[i];
    return NULL;
}

/* The row that leads to target, or a new one. */
static ULONG find_row(const char *name, const void *target, const struct irql_limit *limit)
{
    ULONG row = 0;
    linux_lock(&row_lock);
    while (row < row_count && rows[row].target != target)
        row++;
    if (row == row_count && row_count < MOST_ROWS) {
        text_format(names[row], NAME_SIZE, "%s", name);
        rows[row_count++] =
            (struct irql_row){target, limit, names[row], limit->minimum, limit->maximum, {0}};
    }
    linux_unlock(&row_lock);
    return row;
}

const void *verifier_bind_irql(const char *name, const void *address)
{
    enum { STUB_SIZE = 16 };
    const struct irql_limit *limit = find_limit(name);
    if (!limit)
        return address;
    ULONG row = find_row(name, address, limit);
    return row < MOST_ROWS ? verifier_irql_stubs + (SIZE_T)row * STUB_SIZE : address;
}

/* ---- reporting ---- */
const char *verifier_irql_name(KIRQL irql)
{
    switch (irql) {
    case PASSIVE_LEVEL:
        return "PASSIVE_LEVEL";
    case APC_LEVEL:
        return "APC_LEVEL";
    case DISPATCH_LEVEL:
        return "DISPATCH_LEVEL";
    default:
        return irql > HIGH_LEVEL ? "no IRQL" : "a device's IRQL";
    }
}

__attribute__((ms_abi, used, visibility("hidden"))) void verifier_irql_wrong(
    const struct irql_row *row, const struct irql_call *call)
{
    KIRQL irql = KeGetCurrentIrql();
    const void *caller = (const void *)call->stack[0];
    ULONG_PTR parameters[3] = {irql, (ULONG_PTR)caller};

    if (!verifier_checks(SB_VERIFY_IRQL) || (row->limit->applies && !row->limit->applies(call)))
        return;
    if (irql < row->minimum)
        verifier_report(row->limit->rule, caller, parameters,
                        "%s was called at %s (%u); it needs %s", row->name,
                        verifier_irql_name(irql), irql, verifier_irql_name(row->minimum));
    else
        verifier_report(row->limit->rule, caller, parameters,
                        "%s was called at %s (%u); %s is the highest at which it may be", row->name,
                        verifier_irql_name(irql), irql, verifier_irql_name(row->maximum));
}

/*
 * A stub: the row's offset in rax, then the check. All argument registers stay as they are; the
 * return address remains the driver's, so a jump to the routine leaves no trace on the stack.
 */
__asm__(".text\n"
        "    .balign 16\n"
        "    .globl verifier_irql_stubs\n"
        "    .hidden verifier_irql_stubs\n"
        "    .type verifier_irql_stubs, @function\n"
        "verifier_irql_stubs:\n"
        "    .cfi_startproc\n"
        "    .set verifier_irql_row, 0\n"
        "    .rept 512\n"
        "    .balign 16\n"
        "    movl $verifier_irql_row, %eax\n"
        "    jmp verifier_irql_check\n"
        "    .set verifier_irql_row, verifier_irql_row + 32\n"
        "    .endr\n"
        "verifier_irql_check:\n"
        "    leaq rows(%rip), %r10\n"
        "    addq %rax, %r10\n"
        "    movb %gs:0x50, %r11b\n"
        "    cmpb 24(%r10), %r11b\n"
        "    jb 1f\n"
        "    cmpb 25(%r10), %r11b\n"
        "    ja 1f\n"
        "    jmp *(%r10)\n"
        /* 0x20 for the callee, struct irql_call at 0x20, r10 at 0x48, xmm0-3 from 0x50 */
        "1:  subq $0x98, %rsp\n"
        "    .cfi_adjust_cfa_offset 0x98\n"
        "    movq %rcx, 0x20(%rsp)\n"
        "    movq %rdx, 0x28(%rsp)\n"
        "    movq %r8, 0x30(%rsp)\n"
        "    movq %r9, 0x38(%rsp)\n"
        "    leaq 0x98(%rsp), %rax\n"
        "    movq %rax, 0x40(%rsp)\n"
        "    movq %r10, 0x48(%rsp)\n"
        "    movaps %xmm0, 0x50(%rsp)\n"
        "    movaps %xmm1, 0x60(%rsp)\n"
        "    movaps %xmm2, 0x70(%rsp)\n"
        "    movaps %xmm3, 0x80(%rsp)\n"
        "    movq %r10, %rcx\n"
        "    leaq 0x20(%rsp), %rdx\n"
        "    call verifier_irql_wrong\n"
        "    movaps 0x80(%rsp), %xmm3\n"
        "    movaps 0x70(%rsp), %xmm2\n"
        "    movaps 0x60(%rsp), %xmm1\n"
        "    movaps 0x50(%rsp), %xmm0\n"
        "    movq 0x48(%rsp), %r10\n"
        "    movq 0x38(%rsp), %r9\n"
        "    movq 0x30(%rsp), %r8\n"
        "    movq 0x28(%rsp), %rdx\n"
        "    movq 0x20(%rsp), %rcx\n"
        "    addq $0x98, %rsp\n"
        "    .cfi_adjust_cfa_offset -0x98\n"
        "    jmp *(%r10)\n"
        "    .cfi_endproc\n"
        "    .size verifier_irql_stubs, . - verifier_irql_stubs\n");
