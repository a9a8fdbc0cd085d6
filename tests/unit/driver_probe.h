/*
 * What test_dispatch.c and the driver it calls agree on.
 */
#ifndef DRIVER_PROBE_H
#define DRIVER_PROBE_H

#include <sysbuf/contract.h>

#define PROBE_CODE(function) SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, function, SB_METHOD_BUFFERED, 0)

#define PROBE_ALIAS    PROBE_CODE(0x900)
#define PROBE_IN_PLACE PROBE_CODE(0x901)
#define PROBE_CLAIM    PROBE_CODE(0x902)
#define PROBE_FAIL     PROBE_CODE(0x903)
#define PROBE_PEND     PROBE_CODE(0x904)
#define PROBE_NOTHING  PROBE_CODE(0x905)
#define PROBE_PROCESS  PROBE_CODE(0x906)
#define PROBE_CONTEXT  PROBE_CODE(0x907)
#define PROBE_EMPTY    PROBE_CODE(0x908)
#define PROBE_GUARDED  PROBE_CODE(0x909)
#define PROBE_WARN     PROBE_CODE(0x90B)
#define PROBE_RANGE    PROBE_CODE(0x90A)

enum probe_mistake {
    MISTAKE_NO_DEVICE_NAME,
    MISTAKE_SHORT_DEVICE_NAME,
    MISTAKE_SHORT_LINK_NAME,
    MISTAKE_ACCESS_LEVEL,
    MISTAKE_NO_TABLE,
    MISTAKE_NO_HANDLER,
    MISTAKE_METHOD,
    MISTAKE_MINIMUM,
    MISTAKE_FLAG,
    MISTAKE_ACCESS,
    MISTAKE_TWICE,
    MISTAKE_RESERVED,
    MISTAKE_RING,
    MISTAKE_RING_CODE,
    MISTAKE_COUNT,
};

struct probe_counts {
    unsigned loads;
    unsigned unloads;
    unsigned creates;
    unsigned closes;
    int links_at_unload; /* when the unload callback last ran; -1 if it has not */
};

/* The description as it should be; call before each start. */
void probe_reset(void);
void probe_spoil(enum probe_mistake mistake);
void probe_set_access_level(unsigned level);
void probe_drop_link(void);
void probe_fail_load(void);
void probe_fail_create(void);
struct probe_counts probe_counts(void);

#endif
