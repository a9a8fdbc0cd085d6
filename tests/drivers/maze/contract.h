/* The ways through the maze. */
#ifndef MAZE_CONTRACT_H
#define MAZE_CONTRACT_H

/* CTL_CODE(FILE_DEVICE_UNKNOWN, function, METHOD_BUFFERED, FILE_ANY_ACCESS) */
#define MAZE_CODE(function) (0x220000u | (function) << 2)

#define MAZE_SUM        MAZE_CODE(0x800) /* adds the input's bytes: a loop */
#define MAZE_KEY        MAZE_CODE(0x811) /* the file has a key from now on */
#define MAZE_LOCK       MAZE_CODE(0x812) /* ends at a wall for a file with a key */
#define MAZE_BREAKPOINT MAZE_CODE(0x813) /* the driver's own int3 */
#define MAZE_PEND       MAZE_CODE(0x814) /* waits to be cancelled */
#define MAZE_FAULT      MAZE_CODE(0x816) /* reads address 8; its handler answers */
#define MAZE_HANG       MAZE_CODE(0x820) /* never returns */
#define MAZE_COUNT      MAZE_CODE(0x821) /* how often this was called since the driver started */

#endif
