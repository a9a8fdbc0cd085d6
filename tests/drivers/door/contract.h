/* What opens the door: each number where the one before it was right. */
#ifndef DOOR_CONTRACT_H
#define DOOR_CONTRACT_H

#define DOOR_OPEN 0x222804u /* CTL_CODE(FILE_DEVICE_UNKNOWN, 0xA01, METHOD_BUFFERED, ANY) */

#define DOOR_FIRST  0x74616C70u
#define DOOR_SECOND 0xC0DEu
#define DOOR_THIRD  0x1122334455667788ull
#define DOOR_TEXT   "labyrinth"

#endif
