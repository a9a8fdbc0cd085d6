/* Mistakes after which nothing can go on. */
#ifndef SYSBUF_HOST_VERIFIER_STOP_H
#define SYSBUF_HOST_VERIFIER_STOP_H

#include "host/verifier/report.h"

/* Reports and stops the machine with the rule's bug check, as the thread would otherwise hang or
 * use what is gone. parameters as verifier_report. */
_Noreturn void __attribute__((ms_abi))
verifier_stop(enum verifier_rule rule, const void *caller, const ULONG_PTR *parameters,
              const char *format, ...);

#endif
