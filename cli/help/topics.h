/* The manual as text, made from man/. */
#ifndef SYSBUF_CLI_TOPICS_H
#define SYSBUF_CLI_TOPICS_H

#include <stddef.h>

struct help_topic {
    const char *name, *summary;
    const char *const *lines; /* NULL ends them */
};

extern const struct help_topic help_topics[];
extern const size_t help_topic_count;

#endif
