/* What the drivers print: shown line by line as it comes, and kept for `expect log`. */
#ifndef SYSBUF_CLI_LOG_H
#define SYSBUF_CLI_LOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct log {
    pthread_mutex_t mutex;
    FILE *output;
    const char *prefix; /* in front of each line; NULL: the text goes out as it is */
    char *text;         /* all that was printed; only the last megabytes are kept */
    size_t length, capacity;
    size_t shown;    /* up to here it went out */
    size_t expected; /* up to here `expect log` has seen it */
};

void log_open(struct log *log, FILE *output, const char *prefix);
/* Shows what is left of an unfinished line. */
void log_close(struct log *log);
/* The sink for struct sb_machine_options: any thread. */
void log_write(void *log, const char *text, size_t length);
/* Shows an unfinished line too, so that what follows it stands below. */
void log_flush(struct log *log);
/* Looks for text behind what was expected before, and goes on behind it if consume is set. An empty
 * text is found where there is anything. */
bool log_find(struct log *log, const char *text, size_t length, bool consume);
/* Nothing that came until now will be found. */
void log_forget(struct log *log);
/* The text that no expectation has seen, for messages: at most capacity - 1 bytes. */
void log_unseen(struct log *log, char *text, size_t capacity);

#endif
