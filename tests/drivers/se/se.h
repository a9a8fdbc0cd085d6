#ifndef SE_TEST_H
#define SE_TEST_H

#include <ntifs.h>

#include "check.h"

/* S-1-1-0, S-1-5-18 and S-1-5-32-544, made by the driver itself. */
PSID world_sid(void);
PSID system_sid(void);
PSID admins_sid(void);

void check_sids(void);
void check_acls(void);
void check_descriptors(void);

#endif
