/* Statements about the machine itself: its devices and its registry. */
#ifndef SYSBUF_CLI_RUN_MACHINE_H
#define SYSBUF_CLI_RUN_MACHINE_H

#include "cli/run/session.h"

bool execute_device(struct session *session, const struct action *action);
bool execute_registry(struct session *session, const struct action *action);
/* Makes a device, called as the driver's file, for each driver that has an AddDevice routine; says
 * nothing. Returns how many. */
unsigned devices_add_all(struct session *session);
/* Takes the devices away that are still there, as before a driver's unload. */
void devices_remove_all(struct session *session);

#endif
