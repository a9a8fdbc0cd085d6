/*
 * LZNT1 ([MS-XCA] 2.5): chunks of 4096 bytes, each a header word and, unless it is stored as it is,
 * groups of a flag byte and eight items. An item is a byte or a word: how far back and how long.
 * The word's split between the two moves with the position in the chunk.
 */
#include "host/rtl/rtl.h"

enum { CHUNK = 4096, HEADER = 2, SIGNATURE = 0x3000, IS_COMPRESSED = 0x8000, LENGTH_MASK = 0x0FFF };
enum { SHORTEST = 3, HASH_BITS = 12, HASHES = 1 << HASH_BITS, NOWHERE = 0xFFFF };

/* Where the text of each hash was last, in the chunk. */
struct workspace {
    USHORT last[HASHES];
};

/* How many bits of a word at that position say how far back; the rest is the length. */
static ULONG distance_bits(ULONG position)
{
    ULONG bits = 4;
    while (bits < 12 && (1u << bits) < position)
        bits++;
    return bits;
}

NTSTATUS NTAPI RtlGetCompressionWorkSpaceSize(USHORT format, PULONG size, PULONG fragment_size)
{
    UCHAR kind = (UCHAR)format;
    if (kind == COMPRESSION_FORMAT_NONE || kind == COMPRESSION_FORMAT_DEFAULT)
        return STATUS_INVALID_PARAMETER;
    if (kind != COMPRESSION_FORMAT_LZNT1)
        return STATUS_UNSUPPORTED_COMPRESSION;
    *size = sizeof(struct workspace);
    *fragment_size = CHUNK;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlGetCompressionWorkSpaceSize)

/* ---- compressing ---- */
struct packer {
    const UCHAR *input;
    ULONG length; /* of the chunk */
    UCHAR *output;
    ULONG room, used;
    struct workspace *workspace;
};

static ULONG hash_of(const UCHAR *text)
{
    ULONG value = text[0] | (ULONG)text[1] << 8 | (ULONG)text[2] << 16;
    return value * 2654435761u >> (32 - HASH_BITS);
}

/* How long the text at position is the same as an earlier one; 0: not long enough. */
static ULONG match_at(struct packer *packer, ULONG position, ULONG *distance)
{
    ULONG bits = distance_bits(position), most = (1u << (16 - bits)) - 1 + SHORTEST, length = 0;
    if (packer->length - position < SHORTEST)
        return 0;
    USHORT *last = &packer->workspace->last[hash_of(packer->input + position)];
    ULONG earlier = *last;
    *last = (USHORT)position;
    if (earlier == NOWHERE)
        return 0;
    while (length < most && position + length < packer->length &&
           packer->input[earlier + length] == packer->input[position + length])
        length++;
    *distance = position - earlier;
    return length >= SHORTEST ? length : 0;
}

/* One item at position; how far it goes. 0: no room. */
static ULONG pack_item(struct packer *packer, ULONG position, UCHAR *flags, ULONG item)
{
    ULONG distance = 0, length = match_at(packer, position, &distance);
    if (packer->room - packer->used < (length ? 2u : 1u))
        return 0;
    if (!length) {
        packer->output[packer->used++] = packer->input[position];
        return 1;
    }
    ULONG length_bits = 16 - distance_bits(position);
    ULONG word = (distance - 1) << length_bits | (length - SHORTEST);
    packer->output[packer->used++] = (UCHAR)word;
    packer->output[packer->used++] = (UCHAR)(word >> 8);
    *flags |= (UCHAR)(1 << item);
    return length;
}

/* FALSE: it does not get shorter than room. */
static BOOLEAN pack_chunk(struct packer *packer)
{
    for (ULONG i = 0; i < HASHES; i++)
        packer->workspace->last[i] = NOWHERE;
    for (ULONG position = 0; position < packer->length;) {
        if (packer->used == packer->room)
            return FALSE;
        UCHAR *flags = &packer->output[packer->used++];
        *flags = 0;
        for (ULONG item = 0; item < 8 && position < packer->length; item++) {
            ULONG step = pack_item(packer, position, flags, item);
            if (!step)
                return FALSE;
            position += step;
        }
    }
    return TRUE;
}

static void put_header(UCHAR *at, ULONG size, ULONG kind)
{
    ULONG header = kind | SIGNATURE | (size + HEADER - 3);
    at[0] = (UCHAR)header;
    at[1] = (UCHAR)(header >> 8);
}

/* Bytes written, or 0 when they do not fit. */
static ULONG put_chunk(const UCHAR *input, ULONG length, UCHAR *output, ULONG room,
                       struct workspace *workspace, BOOLEAN *is_zero)
{
    if (room <= HEADER)
        return 0;
    struct packer packer = {.input = input,
                            .length = length,
                            .output = output + HEADER,
                            .room = length - 1 < room - HEADER ? length - 1 : room - HEADER,
                            .workspace = workspace};
    for (ULONG i = 0; i < length && *is_zero; i++)
        *is_zero = input[i] == 0;
    if (length > 1 && pack_chunk(&packer)) {
        put_header(output, packer.used, IS_COMPRESSED);
        return packer.used + HEADER;
    }
    if (room < length + HEADER)
        return 0;
    RtlCopyMemory(output + HEADER, input, length);
    put_header(output, length, 0);
    return length + HEADER;
}

NTSTATUS NTAPI RtlCompressBuffer(USHORT format, PUCHAR input, ULONG input_size, PUCHAR output,
                                 ULONG output_size, ULONG chunk_size, PULONG used, PVOID workspace)
{
    UCHAR kind = (UCHAR)format;
    BOOLEAN is_zero = TRUE;
    ULONG done = 0;
    if (kind == COMPRESSION_FORMAT_NONE || kind == COMPRESSION_FORMAT_DEFAULT)
        return STATUS_INVALID_PARAMETER;
    if (kind != COMPRESSION_FORMAT_LZNT1)
        return STATUS_UNSUPPORTED_COMPRESSION;
    if ((format >> 8) > COMPRESSION_ENGINE_MAXIMUM >> 8)
        return STATUS_NOT_SUPPORTED;
    for (ULONG at = 0; at < input_size; at += CHUNK) {
        ULONG length = input_size - at < CHUNK ? input_size - at : CHUNK;
        ULONG size =
            put_chunk(input + at, length, output + done, output_size - done, workspace, &is_zero);
        if (!size)
            return STATUS_BUFFER_TOO_SMALL;
        done += size;
    }
    *used = done;
    return is_zero && input_size ? STATUS_BUFFER_ALL_ZEROS : STATUS_SUCCESS;
}
SB_EXPORT(RtlCompressBuffer)

/* ---- decompressing ---- */
/* One compressed chunk into room bytes; how many came out. FALSE: it is no such chunk. */
static BOOLEAN unpack_chunk(const UCHAR *input, ULONG size, UCHAR *output, ULONG room, ULONG *made)
{
    ULONG at = 0, done = 0;
    while (at < size) {
        UCHAR flags = input[at++];
        for (ULONG item = 0; item < 8 && at < size; item++) {
            if (!(flags >> item & 1)) {
                if (done < room)
                    output[done] = input[at];
                at++;
                done++;
                continue;
            }
            if (size - at < 2 || done == 0)
                return FALSE;
            ULONG word = input[at] | (ULONG)input[at + 1] << 8;
            ULONG length_bits = 16 - distance_bits(done);
            ULONG distance = (word >> length_bits) + 1;
            ULONG length = (word & ((1u << length_bits) - 1)) + SHORTEST;
            at += 2;
            if (distance > done || done + length > CHUNK)
                return FALSE;
            for (; length; length--, done++)
                if (done < room)
                    output[done] = output[done - distance];
        }
        if (done > CHUNK)
            return FALSE;
    }
    *made = done < room ? done : room;
    return TRUE;
}

/* The chunk at input: its size with header, and the data's; 0: the end. */
static BOOLEAN read_header(const UCHAR *input, ULONG left, ULONG *size, BOOLEAN *is_compressed)
{
    ULONG header = left >= HEADER ? input[0] | (ULONG)input[1] << 8 : 0;
    *size = 0;
    if (header == 0)
        return TRUE;
    *size = (header & LENGTH_MASK) + 3;
    *is_compressed = (header & IS_COMPRESSED) != 0;
    return *size <= left;
}

static BOOLEAN unpack(const UCHAR *chunk, ULONG size, BOOLEAN is_compressed, UCHAR *output,
                      ULONG room, ULONG *made)
{
    const UCHAR *data = chunk + HEADER;
    ULONG length = size - HEADER;
    if (is_compressed)
        return unpack_chunk(data, length, output, room, made);
    *made = length < room ? length : room;
    RtlCopyMemory(output, data, *made);
    return TRUE;
}

/* A chunk that came out shorter is followed by zeros, unless it is the last. */
NTSTATUS NTAPI RtlDecompressBuffer(USHORT format, PUCHAR output, ULONG output_size, PUCHAR input,
                                   ULONG input_size, PULONG used)
{
    ULONG at = 0, done = 0, size, made, next;
    BOOLEAN is_compressed = FALSE, next_is_compressed;
    UCHAR kind = (UCHAR)format;
    if (kind == COMPRESSION_FORMAT_NONE || kind == COMPRESSION_FORMAT_DEFAULT)
        return STATUS_INVALID_PARAMETER;
    if (kind != COMPRESSION_FORMAT_LZNT1)
        return STATUS_UNSUPPORTED_COMPRESSION;
    if (!read_header(input, input_size, &size, &is_compressed))
        return STATUS_BAD_COMPRESSION_BUFFER;
    while (size && done < output_size) {
        if (!unpack(input + at, size, is_compressed, output + done, output_size - done, &made))
            return STATUS_BAD_COMPRESSION_BUFFER;
        at += size;
        if (!read_header(input + at, input_size - at, &next, &next_is_compressed))
            return STATUS_BAD_COMPRESSION_BUFFER;
        done += made;
        for (; next && made < CHUNK && done < output_size; made++)
            output[done++] = 0;
        size = next;
        is_compressed = next_is_compressed;
    }
    *used = done;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlDecompressBuffer)

/* The part of the whole from offset on; workspace holds one chunk. */
NTSTATUS NTAPI RtlDecompressFragment(USHORT format, PUCHAR fragment, ULONG fragment_size,
                                     PUCHAR input, ULONG input_size, ULONG offset, PULONG used,
                                     PVOID workspace)
{
    ULONG at = 0, done = 0, size, made;
    BOOLEAN is_compressed = FALSE;
    if ((UCHAR)format != COMPRESSION_FORMAT_LZNT1)
        return (UCHAR)format <= COMPRESSION_FORMAT_DEFAULT ? STATUS_INVALID_PARAMETER
                                                           : STATUS_UNSUPPORTED_COMPRESSION;
    while (done < fragment_size) {
        if (!read_header(input + at, input_size - at, &size, &is_compressed))
            return STATUS_BAD_COMPRESSION_BUFFER;
        if (!size)
            break;
        if (offset >= CHUNK) {
            offset -= CHUNK;
        } else {
            if (!unpack(input + at, size, is_compressed, workspace, CHUNK, &made))
                return STATUS_BAD_COMPRESSION_BUFFER;
            for (; offset < made && done < fragment_size; offset++)
                fragment[done++] = ((const UCHAR *)workspace)[offset];
            offset = 0;
        }
        at += size;
    }
    *used = done;
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlDecompressFragment)
