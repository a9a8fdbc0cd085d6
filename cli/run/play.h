/*
 * Playing a script on drivers: what `sysbuf run` and `sysbuf check` have in common. The order is
 * play_begin, play_read_script (if there is one), sb_machine_create into session.machine, play_run,
 * play_end.
 */
#ifndef SYSBUF_CLI_PLAY_H
#define SYSBUF_CLI_PLAY_H

#include "cli/run/session.h"

struct play {
    struct session session;
    struct session_options options;
    char **drivers; /* paths, started in this order before the script */
    int driver_count;
    bool starts_nothing; /* the script starts them */
    /* Each may be NULL: called when the drivers have started, and when the script is at its end. */
    void (*started)(struct play *play);
    void (*played)(struct play *play);
    struct script script;
    char *folder; /* of the script */
};

/* script_name is for messages; script_path (or NULL) says which folder names of files start from.
 */
void play_begin(struct play *play, const char *script_name, const char *script_path);
/* Cuts the text and looks at every statement, so that a script with a mistake does nothing at all.
 * EXIT_FINE, or EXIT_UNUSABLE: said why. */
int play_read_script(struct play *play, const void *text, size_t length);
/* Starts the drivers; false: one could not be, or stopped the machine. */
bool play_start(struct play *play);
/* Does what the script says. */
void play_script(struct play *play);
/* Ends the processes and unloads the drivers. */
void play_finish(struct play *play);
/* The three in their order, and what is to be called between them. The session's code says how it
 * went. */
void play_run(struct play *play);
/* Frees all but the machine. */
void play_end(struct play *play);

#endif
