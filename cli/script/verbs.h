/* The verbs with much grammar: each takes a statement's words behind the verb. */
#ifndef SYSBUF_CLI_VERBS_H
#define SYSBUF_CLI_VERBS_H

#include "cli/script/cursor.h"

bool verb_open(struct cursor *cursor, struct action *action);
bool verb_duplicate(struct cursor *cursor, struct action *action);
/* Also flush, cancel and stats: a handle, if any. */
bool verb_close(struct cursor *cursor, struct action *action);
bool verb_ioctl(struct cursor *cursor, struct action *action);
bool verb_read(struct cursor *cursor, struct action *action);
bool verb_write(struct cursor *cursor, struct action *action);
bool verb_port(struct cursor *cursor, struct action *action);
bool verb_associate(struct cursor *cursor, struct action *action);
bool verb_packet(struct cursor *cursor, struct action *action);
bool verb_post(struct cursor *cursor, struct action *action);
bool verb_section(struct cursor *cursor, struct action *action);
bool verb_map(struct cursor *cursor, struct action *action);
bool verb_unmap(struct cursor *cursor, struct action *action);
bool verb_view(struct cursor *cursor, struct action *action);
bool verb_query(struct cursor *cursor, struct action *action);
bool verb_change(struct cursor *cursor, struct action *action);
bool verb_wait(struct cursor *cursor, struct action *action);
bool verb_device(struct cursor *cursor, struct action *action);
bool verb_registry(struct cursor *cursor, struct action *action);
bool verb_expect(struct cursor *cursor, struct action *action);

#endif
