/*
 * The registry: one in-memory tree of keys a machine, key objects, change notification, callbacks
 * of drivers.
 *
 * Lock: cm_state.lock guards the tree, the watches and the list of callbacks; it is never held
 * while driver memory is touched or a driver is called, so names and data are copied in before and
 * answers out after. Nodes live in host memory; drivers see only key objects.
 */
#ifndef SYSBUF_HOST_CM_H
#define SYSBUF_HOST_CM_H

#include "host/ob/object.h"

enum {
    CM_TAG = 0x20204D43,     /* "CM  " in memory */
    CM_KEY_NAME_BYTES = 512, /* limits that Microsoft documents */
    CM_VALUE_NAME_BYTES = 16383 * 2,
    CM_LINK_DEPTH = 16,
};

struct cm_value {
    UNICODE_STRING name; /* host memory */
    ULONG type, size;
    void *data; /* host memory, NULL when size is 0 */
};

struct cm_node {
    LIST_ENTRY all_link; /* cm_state.nodes */
    struct cm_node *parent;
    UNICODE_STRING name, class; /* host memory */
    struct cm_node **children;  /* by name */
    ULONG child_count, child_capacity;
    struct cm_value *values; /* in order of creation */
    ULONG value_count, value_capacity;
    ULONG references; /* the tree's, each child's and each key object's */
    uint64_t id;
    int64_t last_write; /* 100 ns since 1601 */
    BOOLEAN is_volatile, is_link, is_deleted;
};

struct cm_state {
    struct linux_lock lock;
    struct cm_node *root; /* \REGISTRY */
    LIST_ENTRY nodes;
    LIST_ENTRY watches;       /* struct cm_watch.link */
    LIST_ENTRY watching_keys; /* cm_key.watching_link, of those with a notify_filter */
    LIST_ENTRY callbacks;     /* struct cm_callback.link, highest altitude first */
    uint64_t last_id, last_cookie;
};

/* The object body of an open key. */
struct cm_key {
    struct cm_node *node;
    LIST_ENTRY contexts; /* struct cm_context.link, set by callbacks */
    LIST_ENTRY watching_link;
    ULONG notify_filter; /* 0 until ZwNotifyChangeKey is called */
    BOOLEAN notify_subtree, has_changed;
    UNICODE_STRING *shown_name; /* pool; what CmCallbackGetKeyObjectID gave out */
};

extern OBJECT_TYPE cm_key_type;

NTSTATUS cm_initialize(struct machine *machine);
void cm_destroy(struct machine *machine);

/* ---- the tree (hive.c); lock held, everything in host memory ---- */
struct cm_walk {
    struct cm_node *node;   /* where the walk ended: the key, or the last one that exists */
    UNICODE_STRING missing; /* the component that was not found */
    BOOLEAN is_last;        /* and nothing follows it */
    WCHAR *owned;           /* host memory behind missing; cm_walk_end frees it */
};
/* Walks path from start (a leading backslash is fine). A link at the end is followed unless
 * open_link. STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_NAME_INVALID. */
NTSTATUS cm_walk(struct cm_state *cm, struct cm_node *start, UNICODE_STRING path, BOOLEAN open_link,
                 struct cm_walk *walk);
void cm_walk_end(struct cm_walk *walk);
/* STATUS_CHILD_MUST_BE_VOLATILE, STATUS_KEY_DELETED, STATUS_INVALID_PARAMETER. */
NTSTATUS cm_node_create(struct cm_state *cm, struct cm_node *parent, PCUNICODE_STRING name,
                        PCUNICODE_STRING class, BOOLEAN is_volatile, struct cm_node **node);
/* Takes the node out of the tree. STATUS_CANNOT_DELETE, STATUS_KEY_DELETED. */
NTSTATUS cm_node_delete(struct cm_node *node);
NTSTATUS cm_node_rename(struct cm_node *node, PCUNICODE_STRING name);
void cm_node_release(struct cm_node *node);
void cm_tree_free(struct cm_state *cm); /* everything, whoever refers to it */
struct cm_value *cm_value_find(struct cm_node *node, PCUNICODE_STRING name);
NTSTATUS cm_value_set(struct cm_node *node, PCUNICODE_STRING name, ULONG type, const void *data,
                      ULONG size);
NTSTATUS cm_value_delete(struct cm_node *node, PCUNICODE_STRING name);
/* The full path, "\REGISTRY\MACHINE\...", in host memory; FALSE: none left. */
BOOLEAN cm_node_path(const struct cm_node *node, UNICODE_STRING *path);
void cm_touch(struct cm_node *node); /* sets the last write time */

/* ---- key objects (key.c) ---- */
/* Opens or creates. mode: whose rights and memory. */
struct cm_open {
    POBJECT_ATTRIBUTES attributes;
    ACCESS_MASK access;
    ULONG options; /* REG_OPTION_* */
    PUNICODE_STRING class;
    BOOLEAN creates;
    KPROCESSOR_MODE mode;
};
NTSTATUS cm_key_open(const struct cm_open *open, ULONG *disposition, HANDLE *handle);
/* A key object of a handle, referenced, if it was not deleted meanwhile. */
NTSTATUS cm_key_reference(HANDLE handle, ACCESS_MASK access, struct cm_key **key);
static inline struct cm_state *cm_of(const struct cm_key *key)
{
    return object_header_of(key)->machine->cm;
}
/* A pool copy of a driver's string, which is touched once. */
NTSTATUS cm_capture(PCUNICODE_STRING string, ULONG limit, UNICODE_STRING *copy);
/* The same for a value's name, without terminators at its end. */
NTSTATUS cm_capture_value_name(PCUNICODE_STRING name, UNICODE_STRING *copy);
void cm_capture_end(UNICODE_STRING *copy);
/* The full path of a key object in a new pool buffer, for ObQueryNameString. */
NTSTATUS cm_key_path(struct cm_key *key, UNICODE_STRING *path);

/* ---- for the host itself, inside the machine ---- */
/* Sets a value as an application would (callbacks and watches fire), creating missing keys.
 * key is a full path. An ordinary user may not write below \Registry\Machine. */
NTSTATUS cm_write(PCUNICODE_STRING key, PCUNICODE_STRING value, ULONG type, const void *data,
                  ULONG size, KPROCESSOR_MODE mode);
/* *needed gets the size; data is filled as far as room goes (STATUS_BUFFER_OVERFLOW). */
NTSTATUS cm_read(PCUNICODE_STRING key, PCUNICODE_STRING value, ULONG *type, void *data, ULONG room,
                 ULONG *needed);
/* The service key of a driver with Type, Start, ErrorControl, ImagePath and its Parameters key;
 * values that are there already stay. image_path NULL: the usual place of service's ".sys". */
NTSTATUS cm_create_service(PCUNICODE_STRING service, PCUNICODE_STRING image_path);

/* ---- change notification (notify.c) ---- */
/* The node changed in the ways of filter (REG_NOTIFY_*): wakes the watches. No lock held. */
void cm_changed(struct cm_state *cm, struct cm_node *node, ULONG filter);
/* A key object goes: its watches end with STATUS_NOTIFY_CLEANUP. */
void cm_end_watches(struct cm_key *key);

/* ---- callbacks (callback.c) ---- */
struct cm_call {
    REG_NOTIFY_CLASS before, after;
    void *key;           /* the object, or NULL */
    void *information;   /* REG_..._INFORMATION */
    PVOID *call_context; /* its CallContext and ObjectContext fields */
    PVOID *object_context;
    struct cm_callback **called; /* out: who is to hear of the end */
    PVOID *contexts;
    ULONG called_count;
};
#define CM_CALL(name, object, info)                                          \
    {                                                                        \
        .before = RegNtPre##name, .after = RegNtPost##name, .key = (object), \
        .information = &(info), .call_context = &(info).CallContext,         \
        .object_context = &(info).ObjectContext                              \
    }
/* Tells the callbacks. TRUE: go on; else *status is what the operation answers. */
BOOLEAN cm_call_before(struct cm_call *call, NTSTATUS *status);
/* Tells them how it ended; returns what the caller gets. Always follows cm_call_before. */
NTSTATUS cm_call_after(struct cm_call *call, NTSTATUS status);
void cm_forget_contexts(struct cm_key *key);

/* Documented exports that the DDK headers lack. */
NTSTATUS NTAPI CmCallbackGetKeyObjectIDEx(PLARGE_INTEGER cookie, PVOID object, PULONG_PTR id,
                                          PCUNICODE_STRING *name, ULONG flags);
VOID NTAPI CmCallbackReleaseKeyObjectIDEx(PCUNICODE_STRING name);

#endif
