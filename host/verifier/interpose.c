#include "host/verifier/interpose.h"

#include "host/ke/text.h"
#include "host/verifier/before.h"
#include "host/verifier/irql.h"

enum { MOST_ROWS = 1024, NAME_SIZE = 56, STUB_SIZE = 16 };

/* What a stub leads to. Its code knows the offsets and the size. Rows are filled when an import
 * first needs them, and are the same for all machines of the process. */
struct row {
    const void *target;
    const struct irql_limit *limit; /* NULL: any IRQL */
    const char *name;
    ULONG first_check; /* before.h; 0: none */
    KIRQL minimum, maximum;
};
_Static_assert(sizeof(struct row) == 32 && FIELD_OFFSET(struct row, first_check) == 24 &&
                   FIELD_OFFSET(struct row, minimum) == 28 &&
                   FIELD_OFFSET(struct row, maximum) == 29,
               "as the stubs know it");

static struct row rows[MOST_ROWS] __attribute__((used));
static char names[MOST_ROWS][NAME_SIZE]; /* an image's import table may be discarded */
static ULONG row_count;                  /* under the lock, as is filling a row */
static struct linux_lock row_lock;

extern const UCHAR verifier_stubs[] __attribute__((visibility("hidden")));
extern const struct verifier_watch __start_sb_watches[] __attribute__((visibility("hidden")));
extern const struct verifier_watch __stop_sb_watches[] __attribute__((visibility("hidden")));

static BOOLEAN same(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* ---- binding ---- */
static const void *find_watch(const char *name, const void *address)
{
    for (const struct verifier_watch *watch = __start_sb_watches; watch < __stop_sb_watches;
         watch++)
        if (same(watch->name, name))
            return watch->address;
    return address;
}

const struct verifier_watch *verifier_watch_at(uint64_t address)
{
    const struct verifier_watch *found = NULL;
    for (const struct verifier_watch *watch = __start_sb_watches; watch < __stop_sb_watches;
         watch++)
        if ((uint64_t)watch->address <= address && (!found || watch->address > found->address))
            found = watch;
    return found;
}

/* The row of that name and target, or a new one with the rest; MOST_ROWS: there is no room. */
static ULONG find_row(const char *name, const struct row *wanted)
{
    ULONG row = 0;
    linux_lock(&row_lock);
    while (row < row_count && (rows[row].target != wanted->target || !same(rows[row].name, name)))
        row++;
    if (row == row_count && row_count < MOST_ROWS) {
        text_format(names[row], NAME_SIZE, "%s", name);
        rows[row] = *wanted;
        rows[row].name = names[row];
        row_count++;
    }
    linux_unlock(&row_lock);
    return row;
}

const void *verifier_bind(const char *name, const void *address)
{
    const struct irql_limit *limit = verifier_irql_limit(name);
    struct row wanted = {
        .target = find_watch(name, address),
        .limit = limit,
        .first_check = verifier_first_check(name),
        .minimum = limit ? limit->minimum : PASSIVE_LEVEL,
        .maximum = limit ? limit->maximum : 0xFF,
    };
    if (!limit && !wanted.first_check)
        return wanted.target;
    ULONG row = find_row(name, &wanted);
    return row < MOST_ROWS ? verifier_stubs + (SIZE_T)row * STUB_SIZE : wanted.target;
}

/* ---- a call ---- */
/* Called by the stubs: the address to go on at, or NULL with the result in the first argument. */
__attribute__((ms_abi, used, visibility("hidden"))) const void *verifier_interposed(
    const struct row *row, uint64_t *arguments)
{
    struct verifier_call call = {
        .routine = row->name,
        .arguments = arguments,
        .caller = (const void *)arguments[-1],
        .stack_pointer = (uint64_t)arguments,
    };
    KIRQL irql = KeGetCurrentIrql();
    if (row->first_check && !verifier_before(row->first_check, &call)) {
        arguments[0] = call.result;
        return NULL;
    }
    if (irql < row->minimum || irql > row->maximum)
        verifier_irql_wrong(row->limit, &call);
    return row->target;
}

/*
 * A stub: the row's offset in eax, which carries no argument. Where there is more to do than to
 * look at the IRQL, the four register arguments are put where the caller left room for them, so
 * that all of them are an array. The return address remains the driver's: a routine that is jumped
 * to sees the driver's stack.
 */
__asm__(".text\n"
        "    .balign 16\n"
        "    .globl verifier_stubs\n"
        "    .hidden verifier_stubs\n"
        "    .type verifier_stubs, @function\n"
        "verifier_stubs:\n"
        "    .cfi_startproc\n"
        "    .set verifier_row, 0\n"
        "    .rept 1024\n"
        "    .balign 16\n"
        "    movl $verifier_row, %eax\n"
        "    jmp verifier_stub\n"
        "    .set verifier_row, verifier_row + 32\n"
        "    .endr\n"
        "verifier_stub:\n"
        "    leaq rows(%rip), %r10\n"
        "    addq %rax, %r10\n"
        "    cmpl $0, 24(%r10)\n"
        "    jne 1f\n"
        "    movb %gs:0x50, %r11b\n"
        "    cmpb 28(%r10), %r11b\n"
        "    jb 1f\n"
        "    cmpb 29(%r10), %r11b\n"
        "    ja 1f\n"
        "    jmp *(%r10)\n"
        "1:  movq %rcx, 8(%rsp)\n"
        "    movq %rdx, 16(%rsp)\n"
        "    movq %r8, 24(%rsp)\n"
        "    movq %r9, 32(%rsp)\n"
        "    subq $0x68, %rsp\n"
        "    .cfi_adjust_cfa_offset 0x68\n"
        "    movaps %xmm0, 0x20(%rsp)\n"
        "    movaps %xmm1, 0x30(%rsp)\n"
        "    movaps %xmm2, 0x40(%rsp)\n"
        "    movaps %xmm3, 0x50(%rsp)\n"
        "    movq %r10, %rcx\n"
        "    leaq 0x70(%rsp), %rdx\n"
        "    call verifier_interposed\n"
        "    movaps 0x20(%rsp), %xmm0\n"
        "    movaps 0x30(%rsp), %xmm1\n"
        "    movaps 0x40(%rsp), %xmm2\n"
        "    movaps 0x50(%rsp), %xmm3\n"
        "    addq $0x68, %rsp\n"
        "    .cfi_adjust_cfa_offset -0x68\n"
        "    testq %rax, %rax\n"
        "    jz 2f\n"
        "    movq 8(%rsp), %rcx\n"
        "    movq 16(%rsp), %rdx\n"
        "    movq 24(%rsp), %r8\n"
        "    movq 32(%rsp), %r9\n"
        "    jmp *%rax\n"
        "2:  movq 8(%rsp), %rax\n"
        "    ret\n"
        "    .cfi_endproc\n"
        "    .size verifier_stubs, . - verifier_stubs\n");
