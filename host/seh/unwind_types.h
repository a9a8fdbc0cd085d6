/*
 * x64 unwinding structures that Windows defines (winnt.h) and the DDK headers lack. Include after
 * host/nt.h.
 */
#ifndef SYSBUF_HOST_SEH_UNWIND_TYPES_H
#define SYSBUF_HOST_SEH_UNWIND_TYPES_H

#define UNW_FLAG_NHANDLER  0x0
#define UNW_FLAG_EHANDLER  0x1
#define UNW_FLAG_UHANDLER  0x2
#define UNW_FLAG_CHAININFO 0x4

#define RUNTIME_FUNCTION_INDIRECT 0x1

#define EXCEPTION_UNWINDING       0x02
#define EXCEPTION_EXIT_UNWIND     0x04
#define EXCEPTION_STACK_INVALID   0x08
#define EXCEPTION_NESTED_CALL     0x10
#define EXCEPTION_TARGET_UNWIND   0x20
#define EXCEPTION_COLLIDED_UNWIND 0x40
#define EXCEPTION_UNWIND          0x66

typedef struct _RUNTIME_FUNCTION {
    ULONG BeginAddress;
    ULONG EndAddress;
    ULONG UnwindData;
} RUNTIME_FUNCTION, *PRUNTIME_FUNCTION;

#define UNWIND_HISTORY_TABLE_SIZE 12

typedef struct _UNWIND_HISTORY_TABLE_ENTRY {
    ULONG64 ImageBase;
    PRUNTIME_FUNCTION FunctionEntry;
} UNWIND_HISTORY_TABLE_ENTRY, *PUNWIND_HISTORY_TABLE_ENTRY;

typedef struct _UNWIND_HISTORY_TABLE {
    ULONG Count;
    UCHAR LocalHint;
    UCHAR GlobalHint;
    UCHAR Search;
    UCHAR Once;
    ULONG64 LowAddress;
    ULONG64 HighAddress;
    UNWIND_HISTORY_TABLE_ENTRY Entry[UNWIND_HISTORY_TABLE_SIZE];
} UNWIND_HISTORY_TABLE, *PUNWIND_HISTORY_TABLE;

typedef struct _DISPATCHER_CONTEXT {
    ULONG64 ControlPc;
    ULONG64 ImageBase;
    PRUNTIME_FUNCTION FunctionEntry;
    ULONG64 EstablisherFrame;
    ULONG64 TargetIp;
    PCONTEXT ContextRecord;
    PEXCEPTION_ROUTINE LanguageHandler;
    PVOID HandlerData;
    PUNWIND_HISTORY_TABLE HistoryTable;
    ULONG ScopeIndex;
    ULONG Fill0;
} DISPATCHER_CONTEXT, *PDISPATCHER_CONTEXT;

typedef struct _KNONVOLATILE_CONTEXT_POINTERS {
    PM128A FloatingContext[16];
    PULONG64 IntegerContext[16];
} KNONVOLATILE_CONTEXT_POINTERS, *PKNONVOLATILE_CONTEXT_POINTERS;

/* One record of __C_specific_handler's language data; a ULONG count stands before the first. */
struct scope_record {
    ULONG begin;
    ULONG end;
    ULONG handler;     /* filter or termination funclet; 1 means EXCEPTION_EXECUTE_HANDLER */
    ULONG jump_target; /* the __except block; 0 for __finally */
};

_Static_assert(sizeof(DISPATCHER_CONTEXT) == 0x50, "DISPATCHER_CONTEXT");
_Static_assert(sizeof(CONTEXT) == 0x4D0, "CONTEXT");

PRUNTIME_FUNCTION NTAPI RtlLookupFunctionEntry(ULONG64 control_pc, PULONG64 image_base,
                                               PUNWIND_HISTORY_TABLE history);
PEXCEPTION_ROUTINE NTAPI RtlVirtualUnwind(ULONG handler_type, ULONG64 image_base,
                                          ULONG64 control_pc, PRUNTIME_FUNCTION function,
                                          PCONTEXT context, PVOID *handler_data,
                                          PULONG64 establisher_frame,
                                          PKNONVOLATILE_CONTEXT_POINTERS pointers);
VOID NTAPI RtlUnwindEx(PVOID target_frame, PVOID target_ip, PEXCEPTION_RECORD record,
                       PVOID return_value, PCONTEXT context, PUNWIND_HISTORY_TABLE history);
VOID NTAPI RtlUnwind(PVOID target_frame, PVOID target_ip, PEXCEPTION_RECORD record,
                     PVOID return_value);
VOID NTAPI RtlRestoreContext(PCONTEXT context, PEXCEPTION_RECORD record);
VOID NTAPI RtlRaiseException(PEXCEPTION_RECORD record);
VOID NTAPI RtlRaiseStatus(NTSTATUS status);
PVOID NTAPI RtlPcToFileHeader(PVOID address, PVOID *image_base);

#endif
