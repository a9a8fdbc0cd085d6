/*
 * Frames of the socket channel, taken apart and proved: pure functions, the same for driver and
 * client. Any IRQL.
 */
#ifndef SYSBUF_SOCKET_FRAME_H
#define SYSBUF_SOCKET_FRAME_H

#include "sha256.h"

#include <sysbuf/socket.h>

/* What the reader takes next. */
struct sb_socket_expectation {
    uint32_t types;            /* a bit 1 << type for each */
    uint32_t length_maximum;   /* bytes of payload of a REQUEST or a REPLY */
    uint32_t capacity_maximum; /* of a REQUEST */
};

enum sb_socket_verdict {
    SB_SOCKET_FRAME_WHOLE,
    SB_SOCKET_FRAME_SHORT,   /* more bytes are needed */
    SB_SOCKET_FRAME_UNKNOWN, /* no frame of this protocol, or not one that may come now */
    SB_SOCKET_FRAME_TOO_LONG,
};

/*
 * Looks at the bytes received so far. Once the header is there it is copied to *header and judged;
 * *needed is how many bytes the whole frame has (those of a header until that is there). Nothing
 * of bytes beyond length is read, and no length in it is believed before it is checked.
 */
enum sb_socket_verdict sb_socket_frame(const void *bytes, size_t length,
                                       const struct sb_socket_expectation *expected,
                                       struct sb_socket_header *header, size_t *needed);

/* Who proves that it knows the secret. The two proofs of one handshake differ, so that neither can
   be sent back as the other. */
enum sb_socket_prover { SB_SOCKET_CLIENT, SB_SOCKET_DRIVER };

void sb_socket_prove(enum sb_socket_prover prover, const uint8_t *secret, size_t secret_length,
                     uint32_t version, const uint8_t challenge_nonce[SB_SOCKET_NONCE_LENGTH],
                     const uint8_t answer_nonce[SB_SOCKET_NONCE_LENGTH],
                     uint8_t proof[SB_SOCKET_PROOF_LENGTH]);

#endif
