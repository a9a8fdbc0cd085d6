/* APC routines that ntoskrnl exports and the DDK headers lack. */
#ifndef SYSBUF_HOST_APC_H
#define SYSBUF_HOST_APC_H

#include "host/ke/bug_codes.h"
#include "host/ke/schedule.h"

typedef enum _KAPC_ENVIRONMENT {
    OriginalApcEnvironment,
    AttachedApcEnvironment,
    CurrentApcEnvironment,
    InsertApcEnvironment
} KAPC_ENVIRONMENT;

VOID NTAPI KeInitializeApc(PKAPC apc, PKTHREAD thread, KAPC_ENVIRONMENT environment,
                           PKKERNEL_ROUTINE kernel_routine, PKRUNDOWN_ROUTINE rundown_routine,
                           PKNORMAL_ROUTINE normal_routine, KPROCESSOR_MODE mode, PVOID context);
BOOLEAN NTAPI KeInsertQueueApc(PKAPC apc, PVOID argument1, PVOID argument2, KPRIORITY increment);
BOOLEAN NTAPI KeRemoveQueueApc(PKAPC apc);
BOOLEAN NTAPI KeAlertThread(PKTHREAD thread, KPROCESSOR_MODE mode);
BOOLEAN NTAPI KeTestAlertThread(KPROCESSOR_MODE mode);

#endif
