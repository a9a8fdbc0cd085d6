/* What goes back to an application: its length, and nothing of the kernel's. */
#ifndef SYSBUF_HOST_VERIFIER_REPLY_H
#define SYSBUF_HOST_VERIFIER_REPLY_H

#include "host/verifier/exchange.h"

/* Notes what the caller's own memory holds of what would be a disclosure. */
void verifier_reply_note_given(PIRP irp, struct verifier_exchange *request);
/* A request ends without an error. How many bytes may go back. */
SIZE_T verifier_reply_check(PIRP irp, struct verifier_exchange *request);

#endif
