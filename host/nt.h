/*
 * The first include of every NT file of the host: the DDK's own declarations, compiled natively.
 * Such a file includes no libc header; it reaches Linux through host/linux/linux.h.
 *
 * mingw's headers define a few kernel routines inline (they touch cr8 or GS). The host exports the
 * real routines, so the inline ones are renamed out of the way and the prototypes given here.
 */
#ifndef SYSBUF_HOST_NT_H
#define SYSBUF_HOST_NT_H

#include "host/nt_names.h"

#define KeGetCurrentIrql        wdm_inline_KeGetCurrentIrql
#define KeLowerIrql             wdm_inline_KeLowerIrql
#define KfRaiseIrql             wdm_inline_KfRaiseIrql
#define KeRaiseIrqlToDpcLevel   wdm_inline_KeRaiseIrqlToDpcLevel
#define KeRaiseIrqlToSynchLevel wdm_inline_KeRaiseIrqlToSynchLevel
#define KeGetCurrentThread      wdm_inline_KeGetCurrentThread

#include <stdbool.h>

#include "host/nt_intrinsics.h"

/* The headers make __stdcall and FASTCALL empty on x64, where a Windows compiler has only one
 * convention; natively both must name it, or everything here would have Linux's. */
#include <_mingw.h>
#undef __stdcall
#define __stdcall __attribute__((ms_abi))
#define NT_INCLUDED /* as wdm.h does in front of ntdef.h */
#include <ntdef.h>
#undef FASTCALL
#define FASTCALL __attribute__((ms_abi))
#include <ntifs.h>

#undef KeGetCurrentIrql
#undef KeLowerIrql
#undef KfRaiseIrql
#undef KeRaiseIrqlToDpcLevel
#undef KeRaiseIrqlToSynchLevel
#undef KeGetCurrentThread
#undef KeRaiseIrql
#undef KeQuerySystemTime
#undef KeQueryTickCount
#undef KeQueryInterruptTime
#undef KeAcquireSpinLock
#undef NonPagedPoolCacheAligned

KIRQL NTAPI KeGetCurrentIrql(VOID);
VOID NTAPI KeLowerIrql(KIRQL new_irql);
KIRQL NTAPI KfRaiseIrql(KIRQL new_irql);
KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID);
KIRQL NTAPI KeRaiseIrqlToSynchLevel(VOID);
PKTHREAD NTAPI KeGetCurrentThread(VOID);
VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER current_time);
VOID NTAPI KeQueryTickCount(PLARGE_INTEGER count);
ULONGLONG NTAPI KeQueryInterruptTime(VOID);

/* Does not compile unless NTAPI is Windows' calling convention. */
VOID __attribute__((ms_abi)) KeBugCheckEx(ULONG code, ULONG_PTR parameter1, ULONG_PTR parameter2,
                                          ULONG_PTR parameter3, ULONG_PTR parameter4);

/* Size and offset of what drivers see must be Windows'. */
_Static_assert(sizeof(IRP) == 0xD0, "IRP");
_Static_assert(sizeof(IO_STACK_LOCATION) == 0x48, "IO_STACK_LOCATION");
_Static_assert(sizeof(DRIVER_OBJECT) == 0x150, "DRIVER_OBJECT");
_Static_assert(sizeof(FILE_OBJECT) == 0xD8, "FILE_OBJECT");
_Static_assert(sizeof(KEVENT) == 0x18, "KEVENT");
_Static_assert(sizeof(KTIMER) == 0x40, "KTIMER");
_Static_assert(sizeof(KDPC) == 0x40, "KDPC");
_Static_assert(sizeof(MDL) == 0x30, "MDL");
_Static_assert(sizeof(WCHAR) == 2 && sizeof(ULONG) == 4 && sizeof(LONG) == 4, "NT types");

/* Length in bytes of a UTF-16 literal without its terminator. */
#define SB_WIDE_LENGTH(literal) ((USHORT)(sizeof(literal) - sizeof(WCHAR)))
/* A UNICODE_STRING over a UTF-16 literal (read only). */
#define SB_UNICODE(literal) \
    ((UNICODE_STRING){SB_WIDE_LENGTH(literal), sizeof(literal), (PWSTR)(literal)})

#define SB_LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define SB_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#include "host/export.h"

#endif
