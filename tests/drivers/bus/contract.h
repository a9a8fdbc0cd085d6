/* What the bus driver's control device answers. */
#ifndef BUS_CONTRACT_H
#define BUS_CONTRACT_H

#define BUS_CODE(function) (0x222000u + ((function) << 2))
#define BUS_PLUG           BUS_CODE(0) /* in: a serial number */
#define BUS_UNPLUG         BUS_CODE(1) /* in: the same */
#define BUS_STATE          BUS_CODE(2) /* out: struct bus_state */

struct bus_state {
    unsigned added, started, surprised, removed, deleted;
    unsigned wrong_property; /* 0: all are right */
};

#endif
