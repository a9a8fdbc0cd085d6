/* Between the driver and its test. */
#ifndef QUOTA_CONTRACT_H
#define QUOTA_CONTRACT_H

#define QUOTA_LIMIT   0x4000u    /* of each kind of pool, for the process that asks */
#define IOCTL_CHECK   0x00222000 /* all checks, in the caller's process; answers their failures */
#define IOCTL_KEEP    0x00222004 /* a block stays allocated in the caller's name */
#define IOCTL_RELEASE 0x00222008 /* and is freed */
#define IOCTL_DIE     0x0022200C /* the caller's process becomes a critical one */

#endif
