/* What the rules of objects keep, between their files. */
#ifndef SYSBUF_HOST_VERIFIER_OBJECT_STATE_H
#define SYSBUF_HOST_VERIFIER_OBJECT_STATE_H

#include "host/verifier/object.h"
#include "host/verifier/table.h"

enum { OBJECT_HOLDERS = 16, FREED_OBJECTS = 256 };

/* References that drivers have to an object: the latest callers, in order. */
struct object_record {
    void *object;
    ULONG count; /* those above OBJECT_HOLDERS have no caller */
    void *holders[OBJECT_HOLDERS];
};

/* A handle that a driver made. */
struct handle_record {
    struct _EPROCESS *process;
    HANDLE handle; /* as the driver knows it */
    uint64_t caller;
    BOOLEAN is_of_thread; /* PsCreateSystemThread in a process's context: closed at once by habit */
    BOOLEAN is_reported;
};

struct freed_object {
    uint8_t *base;
    SIZE_T size;
    char type[24];
};

struct verifier_objects {
    struct linux_lock lock;
    struct verifier_table objects; /* struct object_record by object */
    struct verifier_table handles; /* struct handle_record by process and handle */
    struct verifier_table pages;   /* object headers with pages of their own */
    struct freed_object freed[FREED_OBJECTS];
    ULONG freed_next;
};

static inline struct verifier_objects *verifier_objects(void)
{
    return verifier_state()->objects;
}

static inline BOOLEAN verifier_is_inside(uint64_t address, const uint8_t *base, SIZE_T size)
{
    return address >= (uint64_t)base && address < (uint64_t)base + size;
}

/* The object is gone, and who referenced it. lock held. */
void verifier_object_forget(struct verifier_objects *objects, void *object);
void verifier_object_report_left(const uint8_t *base, SIZE_T size);
void verifier_handle_report_left(const uint8_t *base, SIZE_T size);

#endif
