/* What drivers open with the kernel's rights while they serve an ordinary user. */
#ifndef SYSBUF_HOST_VERIFIER_DEPUTY_H
#define SYSBUF_HOST_VERIFIER_DEPUTY_H

#include "host/nt.h"

struct verifier_call;

/* Before services that take (handle, access, OBJECT_ATTRIBUTES): of files, of anything else. */
BOOLEAN deputy_file(struct verifier_call *call);
BOOLEAN deputy_object(struct verifier_call *call);
/* The same with a CLIENT_ID behind them. */
BOOLEAN deputy_process(struct verifier_call *call);

#endif
