/*
 * Part of every driver: an address, so that each image has base relocations. A driver that happens
 * to hold none would be linked without any, as is an image that cannot be moved.
 */
static const char anchor = 0;
extern const void *const sysbuf_relocation;
const void *const sysbuf_relocation = &anchor;
