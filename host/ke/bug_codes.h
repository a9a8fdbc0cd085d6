/* Bug checks that the DDK headers lack, from Microsoft's bug check code reference. */
#ifndef SYSBUF_HOST_BUG_CODES_H
#define SYSBUF_HOST_BUG_CODES_H

#ifndef IRQL_UNEXPECTED_VALUE
#define IRQL_UNEXPECTED_VALUE ((ULONG)0xC8)
#endif
#ifndef TIMER_OR_DPC_INVALID
#define TIMER_OR_DPC_INVALID ((ULONG)0xC7)
#endif
#ifndef WORKER_THREAD_RETURNED_AT_BAD_IRQL
#define WORKER_THREAD_RETURNED_AT_BAD_IRQL ((ULONG)0xE1)
#endif

#endif
