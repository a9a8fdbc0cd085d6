#include "host/seh/fault_record.h"
#include "host/seh/image_functions.h"
#include "host/seh/safe_memory.h"

#define ACCESS_READ    0
#define ACCESS_WRITE   1
#define ACCESS_EXECUTE 8

#define UPPER_HALF 0xFFFF800000000000ull

/* Si_code values of SIGFPE, the same on every Linux. */
enum { INTEGER_DIVIDE = 1, FLOAT_DIVIDE = 3, FLOAT_OVERFLOW, FLOAT_UNDERFLOW, FLOAT_INEXACT };

static ULONG_PTR access_of(const struct linux_fault *fault)
{
    return fault->execute ? ACCESS_EXECUTE : fault->write ? ACCESS_WRITE : ACCESS_READ;
}

/* An address that can only be meant as the kernel's. Unused addresses between the two arenas are
 * user addresses on Windows, and an access to one can be caught there. */
static bool is_kernel_address(uint64_t address)
{
    return address >= UPPER_HALF || (address >= LINUX_KERNEL_BASE && address < LINUX_KERNEL_END) ||
           linux_pages_are_fixed(address);
}

static bool is_readable(uint64_t address)
{
    uint8_t byte;
    return seh_read_some(address, &byte, 1) == 1;
}

bool fault_is_stack_overflow(const struct linux_fault *fault, uint64_t stack_low)
{
    const uint64_t reach = 0x100000; /* a frame larger than that skips the guard page */
    uint64_t rsp = fault->registers.rsp;

    return fault->address < stack_low + LINUX_PAGE_SIZE && fault->address + reach > stack_low &&
           rsp < stack_low + 0x10000 && rsp + reach > stack_low;
}

static enum fault_outcome stop_with(struct fault_stop *stop, ULONG code, ULONG_PTR first,
                                    ULONG_PTR second, ULONG_PTR third, ULONG_PTR fourth)
{
    *stop = (struct fault_stop){code, {first, second, third, fourth}};
    return FAULT_STOP;
}

static enum fault_outcome raise_with(EXCEPTION_RECORD *record, NTSTATUS status)
{
    record->ExceptionCode = status;
    return FAULT_EXCEPTION;
}

static enum fault_outcome raise_access_violation(EXCEPTION_RECORD *record, ULONG_PTR access,
                                                 ULONG_PTR address)
{
    record->NumberParameters = 2;
    record->ExceptionInformation[0] = access;
    record->ExceptionInformation[1] = address;
    return raise_with(record, STATUS_ACCESS_VIOLATION);
}

/* Microsoft, bug check 0x50: parameter 2 is 0, 2 or 0x10 on x64; parameter 4 is 2 for a page that
 * has no valid entry. An address in the kernel's range is never offered to a handler. */
static enum fault_outcome kernel_page_fault(const struct linux_fault *fault, CONTEXT *context,
                                            struct fault_stop *stop)
{
    bool present = is_readable(fault->address);

    if (present && fault->write)
        return stop_with(stop, ATTEMPTED_WRITE_TO_READONLY_MEMORY, fault->address, 0, context->Rip,
                         0);
    ULONG_PTR access = fault->execute ? 0x10 : fault->write ? 2 : 0;
    return stop_with(stop, PAGE_FAULT_IN_NONPAGED_AREA, fault->address, access, context->Rip, 2);
}

static enum fault_outcome page_fault(const struct linux_fault *fault, KIRQL irql,
                                     uint64_t stack_low, CONTEXT *context, EXCEPTION_RECORD *record,
                                     struct fault_stop *stop)
{
    struct seh_image image;

    if (fault_is_stack_overflow(fault, stack_low))
        return stop_with(stop, UNEXPECTED_KERNEL_MODE_TRAP, EXCEPTION_DOUBLE_FAULT, fault->address,
                         context->Rsp, context->Rip);
    if (fault->execute && is_readable(fault->address))
        return stop_with(stop, ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, fault->address, 0,
                         context->Rsp, 0);
    if (irql >= DISPATCH_LEVEL) {
        ULONG code = fault->execute || seh_find_image(context->Rip, &image)
                         ? DRIVER_IRQL_NOT_LESS_OR_EQUAL
                         : IRQL_NOT_LESS_OR_EQUAL;
        return stop_with(stop, code, fault->address, irql, access_of(fault), context->Rip);
    }
    if (is_kernel_address(fault->address))
        return kernel_page_fault(fault, context, stop);
    return raise_access_violation(record, access_of(fault), fault->address);
}

/* `int n` of a kernel service raises a general protection fault here. */
static enum fault_outcome protection_fault(CONTEXT *context, EXCEPTION_RECORD *record,
                                           struct fault_stop *stop)
{
    uint8_t code[2];
    bool interrupt =
        seh_read_some(context->Rip, code, sizeof code) == sizeof code && code[0] == 0xCD;

    if (interrupt && code[1] == 0x29) /* __fastfail */
        return stop_with(stop, KERNEL_SECURITY_CHECK_FAILURE, (ULONG)context->Rcx,
                         (ULONG_PTR)context, (ULONG_PTR)record, 0);
    if (interrupt && code[1] == 0x2C) /* DbgRaiseAssertionFailure */
        return raise_with(record, STATUS_ASSERTION_FAILURE);

    NTSTATUS status = fault_protection_status(context);
    if (status == STATUS_ACCESS_VIOLATION) /* a non-canonical address: it is not known which */
        return raise_access_violation(record, ACCESS_READ, (ULONG_PTR)-1);
    return raise_with(record, status);
}

static NTSTATUS arithmetic_status(const struct linux_fault *fault, const CONTEXT *context)
{
    switch (fault->code) {
    case INTEGER_DIVIDE:
        return fault_division_status(context);
    case FLOAT_DIVIDE:
        return STATUS_FLOAT_DIVIDE_BY_ZERO;
    case FLOAT_OVERFLOW:
        return STATUS_FLOAT_OVERFLOW;
    case FLOAT_UNDERFLOW:
        return STATUS_FLOAT_UNDERFLOW;
    case FLOAT_INEXACT:
        return STATUS_FLOAT_INEXACT_RESULT;
    default:
        return STATUS_FLOAT_INVALID_OPERATION;
    }
}

enum fault_outcome fault_classify(const struct linux_fault *fault, KIRQL irql, uint64_t stack_low,
                                  CONTEXT *context, EXCEPTION_RECORD *record,
                                  struct fault_stop *stop)
{
    *record = (EXCEPTION_RECORD){.ExceptionAddress = (PVOID)context->Rip};
    switch (fault->kind) {
    case LINUX_FAULT_ACCESS:
        if (!fault->general_protection)
            return page_fault(fault, irql, stack_low, context, record, stop);
        return protection_fault(context, record, stop);
    case LINUX_FAULT_ILLEGAL:
        return raise_with(record, STATUS_ILLEGAL_INSTRUCTION);
    case LINUX_FAULT_ARITHMETIC:
        return raise_with(record, arithmetic_status(fault, context));
    case LINUX_FAULT_BREAKPOINT:
        context->Rip -= 1;
        record->ExceptionAddress = (PVOID)context->Rip;
        record->NumberParameters = 1;
        return raise_with(record, STATUS_BREAKPOINT);
    case LINUX_FAULT_SINGLE_STEP:
        return raise_with(record, STATUS_SINGLE_STEP);
    default:
        return raise_with(record, STATUS_DATATYPE_MISALIGNMENT);
    }
}
