/* All handlers, by the order of their codes. */
#ifndef HANDLERS_H
#define HANDLERS_H

#include "vulnerable.h"

#define NEITHER_HANDLERS         \
    HANDLER(stack_copy)          \
    HANDLER(stack_loop)          \
    HANDLER(stack_cookie)        \
    HANDLER(write_what_where)    \
    HANDLER(pool_copy)           \
    HANDLER(pool_loop)           \
    HANDLER(object_allocate)     \
    HANDLER(object_use)          \
    HANDLER(object_free)         \
    HANDLER(object_fake)         \
    HANDLER(type_confusion)      \
    HANDLER(integer_wrap)        \
    HANDLER(integer_count)       \
    HANDLER(null_pointer)        \
    HANDLER(uninitialized_stack) \
    HANDLER(uninitialized_pool)  \
    HANDLER(double_fetch)        \
    HANDLER(kernel_file)         \
    HANDLER(pool_disclosure)     \
    HANDLER(stack_disclosure)    \
    HANDLER(write_null)          \
    HANDLER(increment)           \
    HANDLER(arbitrary_read)      \
    HANDLER(twice_allocate)      \
    HANDLER(twice_free)          \
    HANDLER(named_create)        \
    HANDLER(named_set)           \
    HANDLER(named_get)           \
    HANDLER(named_delete)

#define BUFFERED_HANDLERS          \
    HANDLER(buffered_stack)        \
    HANDLER(buffered_pool)         \
    HANDLER(buffered_read_beyond)  \
    HANDLER(buffered_length_field) \
    HANDLER(buffered_index)        \
    HANDLER(buffered_disclosure)   \
    HANDLER(buffered_address)      \
    HANDLER(buffered_magic)        \
    HANDLER(buffered_command)      \
    HANDLER(buffered_text)

#define HANDLER(name) handler name;
NEITHER_HANDLERS
BUFFERED_HANDLERS
#undef HANDLER

enum {
#define HANDLER(name) name##_index,
    NEITHER_HANDLERS
};
enum {
    BUFFERED_HANDLERS
#undef HANDLER
};

void release_objects(void);

#endif
