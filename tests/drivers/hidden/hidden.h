/*
 * A driver whose mistakes stand behind others' checks: several fields that must be right at once,
 * calls that only count after others, codes that look like no others', and two calls that meet. Its
 * marks are those of tests/drivers/vulnerable.
 */
#ifndef HIDDEN_H
#define HIDDEN_H

#include "../vulnerable/vulnerable.h"

/* A vendor's type with functions that look like Microsoft's. */
#define HIDDEN_TYPE                   0x8321u
#define HIDDEN_CODE(function, method) CTL_CODE(HIDDEN_TYPE, function, method, FILE_ANY_ACCESS)

handler packet_copy, packet_free;                            /* fields.c: of one code */
handler list_total, list_store, list_wrap;                   /* METHOD_NEITHER */
handler life_begin, life_size, life_put, life_end, life_get; /* steps.c */
handler shared_set, shared_get, shared_drop;                 /* meeting.c */
void shared_prepare(void);
void shared_release(void);
void life_release(void);
NTSTATUS keep(PIRP irp);
NTSTATUS finish_kept(void);

#endif
