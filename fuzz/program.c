/*
 * The string of a program. Each operation begins with a byte:
 *     bits 0-2  0, 1, 2 ioctl; 3 read; 4 write; 5 open; 6 close; 7 by bits 6-7: cancel, flush, wait
 *     bits 3-4  the handle
 *     bit 5     a byte about pointers follows (requests): bits 0-1 input, 2-3 output, 4 same buffer
 * then   ioctl   code (a byte n: the n-th known one; 0: four bytes), input length, output length,
 * data read    output length, offset write   input length, offset, data open    device (a byte),
 * length of a name (a byte), the name A length is a byte up to 0xEF; 0xF0-0xF7: two bytes follow;
 * from 0xF8 on one of special_lengths. An offset is a byte; 0xFF: eight bytes follow. Data of more
 * than 0xEF bytes begins with two bytes that say how many of them follow; the rest, and what the
 * string lacks at its end, reads as zero.
 */
#include "fuzz/program.h"

#include <string.h>

enum {
    LENGTH_WORD = 0xF0,
    LENGTH_SPECIAL = 0xF8,
    OFFSET_WHOLE = 0xFF,
    WITH_POINTERS = 0x20,
};

static const uint32_t special_lengths[8] = {0xFFF,   0x1000,     0x1001,     0x2000,
                                            0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};

struct reader {
    const uint8_t *at, *end;
    const struct program_codes *codes;
};

static uint64_t take(struct reader *reader, size_t size)
{
    uint64_t value = 0;
    size_t left = (size_t)(reader->end - reader->at);
    size_t taken = size < left ? size : left;
    memcpy(&value, reader->at, taken);
    reader->at += taken;
    return value;
}

static uint32_t take_length(struct reader *reader)
{
    uint8_t byte = (uint8_t)take(reader, 1);
    if (byte < LENGTH_WORD)
        return byte;
    if (byte < LENGTH_SPECIAL)
        return (uint32_t)take(reader, 2);
    return special_lengths[byte - LENGTH_SPECIAL];
}

static uint64_t take_offset(struct reader *reader)
{
    uint8_t byte = (uint8_t)take(reader, 1);
    return byte == OFFSET_WHOLE ? take(reader, 8) : byte;
}

static uint32_t take_code(struct reader *reader)
{
    uint8_t index = (uint8_t)take(reader, 1);
    if (index == 0 || reader->codes->count == 0)
        return (uint32_t)take(reader, 4);
    return reader->codes->codes[(index - 1u) % reader->codes->count];
}

static void take_data(struct reader *reader, struct operation *operation, uint32_t most)
{
    size_t left = (size_t)(reader->end - reader->at);
    operation->data = reader->at;
    operation->data_length = most < left ? most : (uint32_t)left;
    reader->at += operation->data_length;
}

static uint32_t clamp(uint32_t length, enum pointer_kind pointer)
{
    return pointer == POINTER_VALID && length > PROGRAM_LARGEST_BUFFER ? PROGRAM_LARGEST_BUFFER
                                                                       : length;
}

static void read_input(struct reader *reader, struct operation *operation)
{
    uint32_t most = operation->input_length =
        clamp(operation->input_length, operation->input_pointer);
    if (operation->input_pointer != POINTER_VALID)
        return;
    if (most >= LENGTH_WORD) {
        uint32_t given = (uint32_t)take(reader, 2);
        most = given < most ? given : most;
    }
    take_data(reader, operation, most);
}

static void read_open(struct reader *reader, struct operation *operation)
{
    operation->device = (uint8_t)take(reader, 1);
    take_data(reader, operation, (uint32_t)take(reader, 1) & PROGRAM_LONGEST_NAME);
}

static enum operation_kind kind_of(uint8_t byte)
{
    static const enum operation_kind kinds[] = {OPERATION_IOCTL, OPERATION_IOCTL, OPERATION_IOCTL,
                                                OPERATION_READ,  OPERATION_WRITE, OPERATION_OPEN,
                                                OPERATION_CLOSE};
    static const enum operation_kind others[] = {OPERATION_CANCEL, OPERATION_CANCEL,
                                                 OPERATION_FLUSH, OPERATION_WAIT};
    return (byte & 7) < 7 ? kinds[byte & 7] : others[byte >> 6];
}

static void read_pointers(struct reader *reader, struct operation *operation)
{
    uint8_t pointers = (uint8_t)take(reader, 1);
    operation->input_pointer = pointers & 3;
    operation->output_pointer = pointers >> 2 & 3;
    operation->is_same_buffer = (pointers & 0x10) && operation->kind == OPERATION_IOCTL &&
                                operation->input_pointer == POINTER_VALID &&
                                operation->output_pointer == POINTER_VALID;
}

static void read_operation(struct reader *reader, struct operation *operation)
{
    uint8_t byte = (uint8_t)take(reader, 1);
    *operation = (struct operation){.kind = kind_of(byte), .slot = byte >> 3 & 3};
    bool transfers = operation->kind <= OPERATION_WRITE;
    if (transfers && (byte & WITH_POINTERS))
        read_pointers(reader, operation);
    switch (operation->kind) {
    case OPERATION_IOCTL:
        operation->code = take_code(reader);
        operation->input_length = take_length(reader);
        operation->output_length = clamp(take_length(reader), operation->output_pointer);
        read_input(reader, operation);
        break;
    case OPERATION_READ:
        operation->input_pointer = POINTER_VALID;
        operation->output_length = clamp(take_length(reader), operation->output_pointer);
        operation->offset = take_offset(reader);
        break;
    case OPERATION_WRITE:
        operation->output_pointer = POINTER_VALID;
        operation->input_length = take_length(reader);
        operation->offset = take_offset(reader);
        read_input(reader, operation);
        break;
    case OPERATION_OPEN:
        read_open(reader, operation);
        break;
    default:
        break;
    }
}

void program_read(struct program *program, const uint8_t *string, size_t length,
                  const struct program_codes *codes)
{
    struct reader reader = {string, string + length, codes};
    program->count = 0;
    while (reader.at < reader.end && program->count < PROGRAM_MOST_OPERATIONS)
        read_operation(&reader, &program->operations[program->count++]);
}

/* ---- writing ---- */
struct writer {
    uint8_t *string;
    size_t length, capacity;
    bool is_full;
    const struct program_codes *codes;
};

static void put(struct writer *writer, const void *bytes, size_t size)
{
    if (size > writer->capacity - writer->length) {
        writer->is_full = true;
        return;
    }
    if (size)
        memcpy(writer->string + writer->length, bytes, size);
    writer->length += size;
}

static void put_byte(struct writer *writer, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    put(writer, &byte, 1);
}

static void put_length(struct writer *writer, uint32_t length)
{
    for (unsigned i = 0; i < 8; i++)
        if (special_lengths[i] == length) {
            put_byte(writer, LENGTH_SPECIAL + i);
            return;
        }
    if (length < LENGTH_WORD) {
        put_byte(writer, length);
        return;
    }
    uint16_t word = length > 0xFFFF ? 0xFFFF : (uint16_t)length;
    put_byte(writer, LENGTH_WORD);
    put(writer, &word, sizeof(word));
}

static void put_offset(struct writer *writer, uint64_t offset)
{
    if (offset < OFFSET_WHOLE) {
        put_byte(writer, (unsigned)offset);
        return;
    }
    put_byte(writer, OFFSET_WHOLE);
    put(writer, &offset, sizeof(offset));
}

static void put_code(struct writer *writer, uint32_t code)
{
    for (uint32_t i = 0; i < writer->codes->count && i < 255; i++)
        if (writer->codes->codes[i] == code) {
            put_byte(writer, i + 1);
            return;
        }
    put_byte(writer, 0);
    put(writer, &code, sizeof(code));
}

static void put_data(struct writer *writer, const struct operation *operation)
{
    static const uint8_t zeros[LENGTH_WORD];
    uint16_t given = (uint16_t)operation->data_length;
    if (operation->input_pointer != POINTER_VALID)
        return;
    if (operation->input_length >= LENGTH_WORD)
        put(writer, &given, sizeof(given));
    put(writer, operation->data, operation->data_length);
    if (operation->input_length < LENGTH_WORD)
        put(writer, zeros, operation->input_length - operation->data_length);
}

static unsigned byte_of(const struct operation *operation)
{
    static const uint8_t kinds[] = {0, 3, 4, 5, 6, 7, 0x87, 0xC7};
    return kinds[operation->kind] | (unsigned)operation->slot << 3;
}

static void write_operation(struct writer *writer, const struct operation *operation)
{
    unsigned pointers = operation->input_pointer | (unsigned)operation->output_pointer << 2 |
                        (operation->is_same_buffer ? 0x10u : 0);
    put_byte(writer, byte_of(operation) | (pointers ? WITH_POINTERS : 0));
    if (pointers)
        put_byte(writer, pointers);
    switch (operation->kind) {
    case OPERATION_IOCTL:
        put_code(writer, operation->code);
        put_length(writer, operation->input_length);
        put_length(writer, operation->output_length);
        put_data(writer, operation);
        break;
    case OPERATION_READ:
        put_length(writer, operation->output_length);
        put_offset(writer, operation->offset);
        break;
    case OPERATION_WRITE:
        put_length(writer, operation->input_length);
        put_offset(writer, operation->offset);
        put_data(writer, operation);
        break;
    case OPERATION_OPEN:
        put_byte(writer, operation->device);
        put_byte(writer, operation->data_length & PROGRAM_LONGEST_NAME);
        put(writer, operation->data, operation->data_length & PROGRAM_LONGEST_NAME);
        break;
    default:
        break;
    }
}

size_t program_write(const struct program *program, uint8_t *string, size_t capacity,
                     const struct program_codes *codes)
{
    struct writer writer = {.string = string, .capacity = capacity, .codes = codes};
    for (size_t i = 0; i < program->count; i++) {
        size_t before = writer.length;
        write_operation(&writer, &program->operations[i]);
        if (writer.is_full)
            return before;
    }
    return writer.length;
}

void program_remove(struct program *program, size_t first, size_t count)
{
    struct operation *operations = program->operations;
    if (first >= program->count)
        return;
    if (count > program->count - first)
        count = program->count - first;
    memmove(operations + first, operations + first + count,
            (program->count - first - count) * sizeof(*operations));
    program->count -= count;
}

bool program_insert(struct program *program, size_t at, const struct operation *operation)
{
    struct operation *operations = program->operations;
    if (program->count == PROGRAM_MOST_OPERATIONS)
        return false;
    memmove(operations + at + 1, operations + at, (program->count - at) * sizeof(*operations));
    operations[at] = *operation;
    program->count++;
    return true;
}

char program_name_character(uint8_t byte)
{
    static const char characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        "._-\\ #{}$%&()+,;=@[]^`~!'";
    return characters[byte % (sizeof(characters) - 1)];
}
