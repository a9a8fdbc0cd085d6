/* The lists of rules, in the order of the components they watch. No include guard: see rules.h. */
#include "host/verifier/rules_pool.h"
#include "host/verifier/rules_irql.h"
#include "host/verifier/rules_irp.h"
#include "host/verifier/rules_unload.h"
#include "host/verifier/rules_object.h"
#include "host/verifier/rules_memory.h"
#include "host/verifier/rules_sanitizer.h"
