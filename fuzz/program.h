/*
 * Inputs as programs: an array of operations on up to four handles. Reading never fails, and
 * writing what was read gives a string that reads the same. The format stands in docs/fuzzing.md.
 */
#ifndef SYSBUF_FUZZ_PROGRAM_H
#define SYSBUF_FUZZ_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROGRAM_SLOTS = 4,
    PROGRAM_MOST_OPERATIONS = 2048,
    PROGRAM_LARGEST_BUFFER = 0x10000, /* bytes behind a valid pointer */
    PROGRAM_LONGEST_NAME = 63,
};

enum operation_kind {
    OPERATION_IOCTL,
    OPERATION_READ,
    OPERATION_WRITE,
    OPERATION_OPEN,
    OPERATION_CLOSE,
    OPERATION_CANCEL,
    OPERATION_FLUSH,
    OPERATION_WAIT, /* a moment, for timers and threads of the driver */
};

enum pointer_kind { POINTER_VALID, POINTER_NULL, POINTER_BAD, POINTER_KERNEL };

struct operation {
    enum operation_kind kind;
    uint8_t slot;
    uint8_t device; /* OPEN: which path */
    enum pointer_kind input_pointer, output_pointer;
    bool is_same_buffer; /* the output is the input's memory */
    uint32_t code;
    uint32_t input_length, output_length;
    uint32_t data_length; /* bytes of the input that are given; zeros follow. OPEN: of the name */
    const uint8_t *data;  /* in the string that was read */
    uint64_t offset;      /* READ, WRITE */
    bool was_refused;     /* OPEN, and what opens implicitly: it failed when the program was run */
};

struct program {
    struct operation operations[PROGRAM_MOST_OPERATIONS];
    size_t count;
};

/* What numbers in an input stand for. */
struct program_codes {
    const uint32_t *codes;
    uint32_t count;
};

/* Bytes of string that are read as long as the program is used. */
void program_read(struct program *program, const uint8_t *string, size_t length,
                  const struct program_codes *codes);
/* As many operations as fit; returns the length. */
size_t program_write(const struct program *program, uint8_t *string, size_t capacity,
                     const struct program_codes *codes);
/* Takes the operations from first to first + count out, or makes room for count copies of none. */
void program_remove(struct program *program, size_t first, size_t count);
bool program_insert(struct program *program, size_t at, const struct operation *operation);
/* The bytes of an OPEN's name as characters: printable, and none that Windows parses. */
char program_name_character(uint8_t byte);

#endif
