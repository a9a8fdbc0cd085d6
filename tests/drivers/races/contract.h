/* What the races driver is asked. Each race has two devices: \\.\NAME and \\.\NAMEFixed. */
#ifndef RACES_CONTRACT_H
#define RACES_CONTRACT_H

/* FILE_DEVICE_UNKNOWN, buffered, any access. */
#define RACES_CODE(function) (0x220000u + ((0x800u + (function)) << 2))

#define RACES_MAKE   RACES_CODE(0) /* prepares; each race says what */
#define RACES_FIRST  RACES_CODE(1) /* the two sides */
#define RACES_SECOND RACES_CODE(2)
#define RACES_COUNT  RACES_CODE(3) /* a ULONG */

/* How the driver says that it has seen freed or torn state. */
#define RACES_BUG_CHECK 0xDEAD0001u

#endif
