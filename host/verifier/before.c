#include "host/verifier/before.h"

#include "host/verifier/fault_user.h"
#include "host/verifier/interpose.h"
#include "host/verifier/lock.h"
#include "host/verifier/nonpaged.h"
#include "host/verifier/paged.h"
#include "host/verifier/pool_copy.h"
#include "host/verifier/pool_residents.h"
#include "host/verifier/service_name.h"
#include "host/verifier/sites.h"
#include "host/verifier/stack_guard.h"
#include "host/verifier/watch.h"

/* What a call that fails for want of resources returns. */
#define SHORT     ((uint32_t)STATUS_INSUFFICIENT_RESOURCES)
#define NO_MEMORY ((uint32_t)STATUS_NO_MEMORY)
#define INVALID   ((uint32_t)STATUS_INVALID_PARAMETER) /* no room in a table of fixed size */
#define RAISES    UINT64_MAX                           /* STATUS_INSUFFICIENT_RESOURCES */

struct before {
    const char *name;
    BOOLEAN (*check)(struct verifier_call *call); /* may be NULL */
    BOOLEAN is_site;
    BOOLEAN (*may_fail)(const uint64_t *arguments);
    uint64_t result;
};

static const struct before befores[] = {
#define ENTRY(text, ...)        {.name = text, __VA_ARGS__},
#define BEFORE_AS(text, before) ENTRY(text, .check = before)
#define BEFORE(routine, before) ENTRY(#routine, .check = before)
#define BEFORE_SITE(routine, before, failure) \
    ENTRY(#routine, .check = before, .is_site = TRUE, .result = failure)
#define SITE_IF(routine, failure, may) \
    ENTRY(#routine, .is_site = TRUE, .may_fail = may, .result = failure)
#define SITE(routine, failure) SITE_IF(routine, failure, NULL)
#include "host/verifier/before_list.h"
};
enum { BEFORE_COUNT = RTL_NUMBER_OF(befores), STUB_SIZE = 16 };

/* The routines' own addresses, and the entries' order: constants of the process, set while drivers
 * are bound, always to the same. */
static const void *targets[BEFORE_COUNT];
/* The next entry of the same routine; 0: none. */
static USHORT following[BEFORE_COUNT];

/* Where a driver's call goes: the index in eax, which carries no argument. The four register
 * arguments are put where the caller left room for them, so that all of them are an array. A
 * routine that is let through is jumped to: it sees the driver's stack. */
extern const char verifier_before_stubs[] __attribute__((visibility("hidden")));
__asm__(".text\n"
        ".p2align 4\n"
        ".hidden verifier_before_stubs\n.globl verifier_before_stubs\n"
        "verifier_before_stubs:\n"
        ".cfi_startproc\n"
        ".set index, 0\n"
        ".rept 256\n\t"
        ".p2align 4\n\t"
        "movl $index, %eax\n\t"
        "jmp 1f\n\t"
        ".set index, index + 1\n"
        ".endr\n"
        ".p2align 4\n"
        "1:\n\t"
        "movq %rcx, 8(%rsp)\n\t"
        "movq %rdx, 16(%rsp)\n\t"
        "movq %r8, 24(%rsp)\n\t"
        "movq %r9, 32(%rsp)\n\t"
        "subq $0x68, %rsp\n\t"
        ".cfi_adjust_cfa_offset 0x68\n\t"
        "movaps %xmm0, 0x20(%rsp)\n\t"
        "movaps %xmm1, 0x30(%rsp)\n\t"
        "movaps %xmm2, 0x40(%rsp)\n\t"
        "movaps %xmm3, 0x50(%rsp)\n\t"
        "movl %eax, %ecx\n\t"
        "leaq 0x70(%rsp), %rdx\n\t"
        "call verifier_before\n\t"
        "movaps 0x20(%rsp), %xmm0\n\t"
        "movaps 0x30(%rsp), %xmm1\n\t"
        "movaps 0x40(%rsp), %xmm2\n\t"
        "movaps 0x50(%rsp), %xmm3\n\t"
        "addq $0x68, %rsp\n\t"
        ".cfi_adjust_cfa_offset -0x68\n\t"
        "testq %rax, %rax\n\t"
        "jz 2f\n\t"
        "movq 8(%rsp), %rcx\n\t"
        "movq 16(%rsp), %rdx\n\t"
        "movq 24(%rsp), %r8\n\t"
        "movq 32(%rsp), %r9\n\t"
        "jmp *%rax\n"
        "2:\n\t"
        "movq 8(%rsp), %rax\n\t"
        "ret\n"
        ".cfi_endproc\n");
_Static_assert(BEFORE_COUNT <= 256, "a stub for each routine");

static BOOLEAN site_allows(const struct before *before, struct verifier_call *call)
{
    if (before->may_fail && !before->may_fail(call->arguments))
        return TRUE;
    if (!verifier_site_fails(before->name, call->caller))
        return TRUE;
    if (before->result == RAISES)
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    call->result = before->result;
    return FALSE;
}

static BOOLEAN allows(const struct before *before, struct verifier_call *call)
{
    if (before->is_site && !site_allows(before, call))
        return FALSE;
    return !before->check || before->check(call);
}

/* Called by the stubs: the address to go on at, or NULL with the result in the first argument. */
const void *NTAPI verifier_before(ULONG index, uint64_t *arguments) __attribute__((used));
const void *NTAPI verifier_before(ULONG index, uint64_t *arguments)
{
    struct verifier_call call = {
        .routine = befores[index].name,
        .arguments = arguments,
        .caller = (const void *)arguments[-1],
        .stack_pointer = (uint64_t)arguments,
    };
    ULONG entry = index;
    do {
        if (!allows(&befores[entry], &call)) {
            arguments[0] = call.result;
            return NULL;
        }
        entry = following[entry];
    } while (entry);
    return targets[index];
}

static BOOLEAN same_text(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static ULONG find(const char *name, ULONG from)
{
    while (from < BEFORE_COUNT && !same_text(befores[from].name, name))
        from++;
    return from;
}

const void *verifier_bind(const char *name, const void *address)
{
    address = verifier_stand_in(name, address);
    ULONG first = find(name, 0);
    if (first == BEFORE_COUNT)
        return address;
    for (ULONG i = first, next; (next = find(name, i + 1)) < BEFORE_COUNT; i = next)
        __atomic_store_n(&following[i], (USHORT)next, __ATOMIC_RELAXED);
    __atomic_store_n(&targets[first], address, __ATOMIC_RELEASE);
    return verifier_before_stubs + (SIZE_T)first * STUB_SIZE;
}
