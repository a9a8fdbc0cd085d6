/*
 * Objects: a header in front of every body, types, the namespace, handle tables.
 *
 * A new object has one reference (the creator's). Name and handles each hold one. When the last
 * goes, the type's remove routine runs and the memory is freed. Temporary named objects leave the
 * namespace when their last handle goes; permanent ones (devices, links, drivers) when
 * ob_make_temporary is called. Everything here may be called at IRQL <= DISPATCH_LEVEL unless it
 * says otherwise; no host lock is held when a type's routine runs.
 */
#ifndef SYSBUF_HOST_OBJECT_H
#define SYSBUF_HOST_OBJECT_H

#include "host/ke/thread.h"

struct ob_open; /* what an open carries to parse routines; Io derives its own */

struct _OBJECT_TYPE {
    /* Itself, in the types that are exported: NT's begin with a list that is empty, whose link
     * leads back. mingw's headers import ExEventObjectType and its like with one indirection too
     * few for the documented *ExEventObjectType, which therefore works on Windows as well. */
    struct _OBJECT_TYPE *self;
    UNICODE_STRING name;
    GENERIC_MAPPING mapping;
    ACCESS_MASK valid_access;
    BOOLEAN removes_at_passive; /* remove needs PASSIVE_LEVEL: deferred when the IRQL is higher */
    /* A handle was closed; handles_left counts the object's remaining ones, process_handles those
     * of the process. PASSIVE_LEVEL. May be NULL. */
    void (*close)(struct _EPROCESS *process, void *object, LONG64 process_handles,
                  LONG64 handles_left);
    /* The last reference is gone; frees what the body owns, not the body. May be NULL. */
    void (*remove)(void *object);
    /* Opens rest (the name below the object, empty or starting with a backslash), for an open that
     * carries a context; *found is referenced. NULL: the type is a leaf. PASSIVE_LEVEL. */
    NTSTATUS (*parse)(void *object, PUNICODE_STRING rest, struct ob_open *open, void **found);
    /* The full name in a new pool buffer, where it is not that of the namespace. May be NULL. */
    NTSTATUS (*name_of)(void *object, UNICODE_STRING *name);
    BOOLEAN name_is_cut; /* a caller with too little room for the name gets its beginning */
    /* NULL, or where in the body the dispatcher header is that waits on a handle use. */
    PKEVENT (*waitable)(void *object);
};

enum { OB_PERMANENT = 1, OB_EXCLUSIVE = 2, OB_KERNEL_ONLY = 4, OB_NAMED = 8 };

struct object_header {
    LONG64 references;
    LONG64 handles;
    POBJECT_TYPE type;
    struct machine *machine;
    ULONG flags;
    UNICODE_STRING name;         /* last component; pool. Namespace lock */
    struct directory *directory; /* referenced while the name is in it */
    LIST_ENTRY directory_link;
    PSECURITY_DESCRIPTOR security; /* self relative, pool; NULL: the type's default */
    struct _EPROCESS *exclusive_owner;
    LIST_ENTRY all_link; /* ob_state->all, so that a destroyed machine can be swept */
} __attribute__((aligned(16)));

static inline struct object_header *object_header_of(const void *object)
{
    return (struct object_header *)object - 1;
}

struct ob_open {
    ACCESS_MASK desired_access;
    ULONG attributes; /* OBJ_* */
    KPROCESSOR_MODE mode;
    struct _EPROCESS *process;
    POBJECT_TYPE wanted;    /* NULL: any */
    void *context;          /* Io's struct io_open for file opens, else NULL */
    void *root;             /* object a relative path starts from, referenced by the caller; NULL */
    UNICODE_STRING reparse; /* out, pool: a parse that answers STATUS_REPARSE names the new path */
};

struct handle_entry {
    void *object; /* NULL when free */
    ACCESS_MASK access;
    ULONG attributes; /* OBJ_INHERIT, OBJ_PROTECT_CLOSE ... */
};

/* Lock: its own, a leaf. Handle values are 4 * (index + 1); those of the System process carry the
 * kernel bit on top. */
struct handle_table {
    struct linux_own_lock lock; /* ob_table_lock */
    struct thread_slot *owner;  /* whose lock it is: the thread that used a handle first; atomic */
    struct handle_entry *entries;
    ULONG count, capacity, free_hint;
};

extern OBJECT_TYPE ob_directory_type, ob_symbolic_link_type;

NTSTATUS ob_initialize(struct machine *machine);
void ob_destroy(struct machine *machine);

/* A zeroed body of size bytes, one reference. */
NTSTATUS ob_allocate(struct machine *machine, POBJECT_TYPE type, SIZE_T size, void **object);
/* Enters the object under a full path ("\Device\X"); its directory must exist. Takes a reference of
 * its own. STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_PATH_NOT_FOUND,
 * STATUS_OBJECT_NAME_INVALID. */
NTSTATUS ob_insert(void *object, PCUNICODE_STRING path, ULONG flags);
/* The same, relative to the directory root (NULL: the path is a full one). */
NTSTATUS ob_insert_at(void *root, void *object, PCUNICODE_STRING path, ULONG flags);
/* Takes the name away (and its reference), if it has one. */
void ob_make_temporary(void *object);
/* As ZwMakePermanentObject and ZwMakeTemporaryObject: without permanence the name goes with the
 * last handle, or now when there is none. */
void ob_make_permanent(void *object);
void ob_give_up_permanence(void *object);
void ob_reference(void *object);
void ob_dereference(void *object);
/* Tells the verifier of a reference that a driver was given by one of its routines. */
void ob_report_reference(void *object, void *caller);
/* For lists that do not hold references: FALSE when the last reference is gone already. */
BOOLEAN ob_reference_if_alive(void *object);

/* Walks path, through symbolic links, to an object; *found is referenced. */
NTSTATUS ob_lookup(struct machine *machine, PCUNICODE_STRING path, struct ob_open *open,
                   void **found);
/* Opens what object attributes name, relative to their root directory; *found is referenced. */
NTSTATUS ob_open_by_attributes(POBJECT_ATTRIBUTES attributes, struct ob_open *open, void **found);
/* The process a new handle belongs to: System for OBJ_KERNEL_HANDLE, else the current one. */
struct _EPROCESS *ob_handle_owner(ULONG attributes);
/* A handle of type to the object that attributes name (a ZwOpenXxx routine). */
NTSTATUS ob_open_handle(POBJECT_ATTRIBUTES attributes, POBJECT_TYPE type, ACCESS_MASK access,
                        KPROCESSOR_MODE mode, HANDLE *handle);
/* Ends a ZwCreateXxx routine: gives a new object (whose one reference is consumed, also on failure)
 * name, security and a handle. attributes may be NULL. With OBJ_OPENIF an existing object of the
 * same type is opened instead: STATUS_OBJECT_NAME_EXISTS. */
NTSTATUS ob_create_handle(void *object, POBJECT_ATTRIBUTES attributes, ACCESS_MASK access,
                          KPROCESSOR_MODE mode, HANDLE *handle);
/* The full path of a named object, in a new pool buffer (empty for one without name). */
NTSTATUS ob_path(void *object, UNICODE_STRING *path);
/* The same at the end of text, which has room for capacity characters: as many of the last names as
 * fit. Any IRQL. */
UNICODE_STRING ob_path_text(void *object, WCHAR *text, ULONG capacity);
NTSTATUS ob_directory_create(struct machine *machine, PCUNICODE_STRING path);
/* A link without a name. */
NTSTATUS ob_symbolic_link_allocate(struct machine *machine, PCUNICODE_STRING target, void **link);
NTSTATUS ob_symbolic_link_create(struct machine *machine, PCUNICODE_STRING path,
                                 PCUNICODE_STRING target, void **link);

struct handle_table *ob_handle_table_create(void);
/* Around what looks at entries. */
void ob_table_lock(struct handle_table *table);
void ob_table_unlock(struct handle_table *table);
/* Closes everything, as process exit does. PASSIVE_LEVEL. */
void ob_handle_table_close_all(struct _EPROCESS *process);
void ob_handle_table_free(struct handle_table *table);
NTSTATUS ob_handle_create(struct _EPROCESS *process, void *object, ACCESS_MASK access,
                          ULONG attributes, HANDLE *handle);
/* The same for a copy of a handle of process from: drivers' callbacks can tell. */
NTSTATUS ob_handle_create_duplicate(struct _EPROCESS *from, struct _EPROCESS *to, void *object,
                                    ACCESS_MASK access, ULONG attributes, HANDLE *handle);
/* *object is referenced. STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH,
 * STATUS_ACCESS_DENIED (user mode only, when access is not all granted). type may be NULL. */
NTSTATUS ob_handle_reference(struct _EPROCESS *process, HANDLE handle, ACCESS_MASK access,
                             POBJECT_TYPE type, KPROCESSOR_MODE mode, void **object,
                             struct handle_entry *entry);
NTSTATUS ob_handle_close(struct _EPROCESS *process, HANDLE handle, KPROCESSOR_MODE mode);
NTSTATUS ob_handle_set_attributes(struct _EPROCESS *process, HANDLE handle, ULONG attributes);
/* A copy of a handle in process to (NULL: none is made, only checked); NtDuplicateObject's rules.
 */
NTSTATUS ob_handle_duplicate(struct _EPROCESS *from, HANDLE source, struct _EPROCESS *to,
                             ACCESS_MASK access, ULONG attributes, ULONG options,
                             KPROCESSOR_MODE mode, HANDLE *target);
/* Waits by handles of the current process, as KeWaitForXxx does; also STATUS_INVALID_HANDLE,
 * STATUS_ACCESS_DENIED (no SYNCHRONIZE), STATUS_OBJECT_TYPE_MISMATCH (nothing to wait for). */
NTSTATUS ob_wait(HANDLE handle, BOOLEAN alertable, PLARGE_INTEGER timeout, KPROCESSOR_MODE mode);
NTSTATUS ob_wait_many(ULONG count, const HANDLE *handles, WAIT_TYPE type, BOOLEAN alertable,
                      PLARGE_INTEGER timeout, KPROCESSOR_MODE mode);
/* Gives a new process the inheritable handles of another, under the same values. */
NTSTATUS ob_handle_table_inherit(struct _EPROCESS *from, struct _EPROCESS *to);

#endif
