/*
 * The program's text, in and out, as UTF-8 wherever it runs.
 */
#ifndef MYDEVICE_CONSOLE_H
#define MYDEVICE_CONSOLE_H

#include <stdio.h>

/*
 * The command line's arguments in UTF-8, argv[argc] being NULL. The caller owns the array and its
 * strings for the life of the program. NULL if there is no memory.
 */
char **console_arguments(int *argc, char **argv);

/*
 * Prints to stdout or stderr: to a console in its own encoding, to a file or a pipe as UTF-8 with
 * plain line feeds. Returns 0, or -1 if the text could not be written.
 */
int console_print(FILE *stream, const char *format, ...);

#endif
