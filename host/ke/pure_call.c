/* What C++ calls in the place of a virtual function that has no body. */
#include "host/ke/ke.h"

VOID NTAPI nt_purecall(VOID)
{
    KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)STATUS_NONCONTINUABLE_EXCEPTION,
                 (ULONG_PTR)__builtin_return_address(0), 0, 0);
}
SB_EXPORT_AS("_purecall", nt_purecall)
