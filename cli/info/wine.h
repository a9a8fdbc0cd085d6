/* The routines that Wine 8.0 implements; the table is made from cmake/wine-8.0-exports.txt. */
#ifndef SYSBUF_CLI_WINE_H
#define SYSBUF_CLI_WINE_H

#include <stddef.h>

struct wine_export {
    const char *module, *name; /* the module in lower case */
};
extern const struct wine_export wine_exports[];
extern const size_t wine_export_count;

#endif
