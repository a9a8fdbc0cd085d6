/*
 * Fuzzes the frames of the socket channel: a stream of bytes that comes in pieces, read as driver
 * and client read it. The first byte says what is expected, the second how the pieces are cut.
 */
#include <stdlib.h>
#include <string.h>

#include "driver/socket_frame.h"

/* Whatever the bytes are, a verdict must keep its promise. */
static void check(enum sb_socket_verdict verdict, size_t length, size_t needed,
                  const struct sb_socket_expectation *expected,
                  const struct sb_socket_header *header)
{
    if (needed < sizeof(*header))
        abort();
    if (verdict == SB_SOCKET_FRAME_SHORT &&
        (needed <= length || needed > sizeof(*header) + SB_SOCKET_PAYLOAD_MAXIMUM))
        abort();
    if (verdict != SB_SOCKET_FRAME_WHOLE)
        return;
    if (needed != sizeof(*header) + header->length || needed > length ||
        header->magic != SB_SOCKET_MAGIC || header->type > SB_SOCKET_REPLY ||
        (expected->types >> header->type & 1) == 0 || header->reserved != 0)
        abort();
    if (header->type == SB_SOCKET_REQUEST && (header->length > expected->length_maximum ||
                                              header->capacity > expected->capacity_maximum))
        abort();
}

/* Judges a copy that ends where the bytes end, so that a step too far is seen. */
static enum sb_socket_verdict judge(const unsigned char *bytes, size_t length,
                                    const struct sb_socket_expectation *expected,
                                    struct sb_socket_header *header, size_t *needed)
{
    unsigned char *copy = malloc(length != 0 ? length : 1);
    enum sb_socket_verdict verdict;

    memcpy(copy, bytes, length);
    verdict = sb_socket_frame(copy, length, expected, header, needed);
    check(verdict, length, *needed, expected, header);
    free(copy);
    return verdict;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct sb_socket_expectation expected = {.length_maximum = SB_SOCKET_PAYLOAD_MAXIMUM,
                                             .capacity_maximum = SB_SOCKET_PAYLOAD_MAXIMUM};
    struct sb_socket_header header;
    size_t first = 2, received = 2, piece, needed;

    if (size < 2)
        return 0;
    expected.types = data[0];
    if (data[0] & 1)
        expected.length_maximum = expected.capacity_maximum = 64;
    piece = data[1] % 61 + 1;
    while (received < size) {
        enum sb_socket_verdict verdict;

        received = size - received < piece ? size : received + piece;
        while ((verdict = judge(data + first, received - first, &expected, &header, &needed)) ==
               SB_SOCKET_FRAME_WHOLE)
            first += needed;
        if (verdict != SB_SOCKET_FRAME_SHORT)
            return 0; /* the connection ends */
    }
    return 0;
}
