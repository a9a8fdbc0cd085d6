/*
 * The socket channel's frames, as they cross the wire: what a driver's socket (sb_socket_channel of
 * sysbuf/driver.h) and a client (sb_open_socket of sysbuf/client.h) say to each other over TCP.
 * docs/channels.md tells the protocol. All numbers are little-endian.
 *
 *   driver                          client
 *   CHALLENGE  versions, nonce  -->
 *                               <-- ANSWER     version, nonce, proof
 *   WELCOME    limits, proof    -->                     or REFUSAL, and the connection ends
 *                               <-- REQUEST    sequence, code, capacity, input
 *   REPLY      sequence, status, output -->             any number, answered in order; requests
 *                                                       for notifications when there is one
 */
#ifndef SYSBUF_SOCKET_H
#define SYSBUF_SOCKET_H

#include <sysbuf/contract.h>

#if defined(__BYTE_ORDER__)
SB_STATIC_ASSERT(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "frames are laid out as in memory");
#endif

#define SB_SOCKET_MAGIC 0x4B534253u /* the bytes "SBSK" */
/* Of this protocol. From version 2 on, a request for a notification waits beside all others. */
#define SB_SOCKET_VERSION        2u
#define SB_SOCKET_VERSION_OLDEST 1u
#define SB_SOCKET_VERSION_FEED   2u
/* How many requests for notifications a connection may have that are not answered. */
#define SB_SOCKET_NEXT_MAXIMUM 64u

#define SB_SOCKET_NONCE_LENGTH 32
#define SB_SOCKET_PROOF_LENGTH 32
/* The most input, and the most output, that one command may have over a socket, in bytes. */
#define SB_SOCKET_PAYLOAD_MAXIMUM 0x100000u
/* Of a secret, in bytes. */
#define SB_SOCKET_SECRET_MINIMUM 16
#define SB_SOCKET_SECRET_MAXIMUM 64

enum sb_socket_frame {
    SB_SOCKET_CHALLENGE = 1,
    SB_SOCKET_ANSWER = 2,
    SB_SOCKET_WELCOME = 3,
    SB_SOCKET_REFUSAL = 4,
    SB_SOCKET_REQUEST = 5,
    SB_SOCKET_REPLY = 6,
};

/* In front of each frame; length bytes follow. Fields that a type does not use are 0. */
struct sb_socket_header {
    uint32_t magic;    /* SB_SOCKET_MAGIC */
    uint32_t type;     /* enum sb_socket_frame */
    uint32_t length;   /* bytes after this header */
    uint32_t sequence; /* REQUEST: the client's number; REPLY: that of the request */
    uint32_t code;     /* REQUEST: the command */
    uint32_t capacity; /* REQUEST: room for output, in bytes */
    uint32_t status;   /* REPLY, REFUSAL: an NTSTATUS */
    uint32_t reserved; /* 0 */
};

struct sb_socket_challenge {
    uint32_t lowest_version;
    uint32_t highest_version;
    uint8_t nonce[SB_SOCKET_NONCE_LENGTH];
};

struct sb_socket_answer {
    uint32_t version; /* the one both will speak */
    uint32_t reserved;
    uint8_t nonce[SB_SOCKET_NONCE_LENGTH];
    uint8_t proof[SB_SOCKET_PROOF_LENGTH]; /* of the client's knowing the secret */
};

struct sb_socket_welcome {
    uint32_t input_maximum;  /* bytes of input of the longest command */
    uint32_t output_maximum; /* the greatest capacity that may be asked for */
    uint32_t idle_timeout;   /* milliseconds of silence after which the driver hangs up, 0: never */
    uint32_t reserved;
    uint8_t proof[SB_SOCKET_PROOF_LENGTH]; /* of the driver's knowing the secret */
};

SB_ASSERT_SIZE(struct sb_socket_header, 32);
SB_ASSERT_OFFSET(struct sb_socket_header, magic, 0);
SB_ASSERT_OFFSET(struct sb_socket_header, type, 4);
SB_ASSERT_OFFSET(struct sb_socket_header, length, 8);
SB_ASSERT_OFFSET(struct sb_socket_header, sequence, 12);
SB_ASSERT_OFFSET(struct sb_socket_header, code, 16);
SB_ASSERT_OFFSET(struct sb_socket_header, capacity, 20);
SB_ASSERT_OFFSET(struct sb_socket_header, status, 24);
SB_ASSERT_OFFSET(struct sb_socket_header, reserved, 28);
SB_ASSERT_SIZE(struct sb_socket_challenge, 40);
SB_ASSERT_OFFSET(struct sb_socket_challenge, lowest_version, 0);
SB_ASSERT_OFFSET(struct sb_socket_challenge, highest_version, 4);
SB_ASSERT_OFFSET(struct sb_socket_challenge, nonce, 8);
SB_ASSERT_SIZE(struct sb_socket_answer, 72);
SB_ASSERT_OFFSET(struct sb_socket_answer, version, 0);
SB_ASSERT_OFFSET(struct sb_socket_answer, reserved, 4);
SB_ASSERT_OFFSET(struct sb_socket_answer, nonce, 8);
SB_ASSERT_OFFSET(struct sb_socket_answer, proof, 40);
SB_ASSERT_SIZE(struct sb_socket_welcome, 48);
SB_ASSERT_OFFSET(struct sb_socket_welcome, input_maximum, 0);
SB_ASSERT_OFFSET(struct sb_socket_welcome, output_maximum, 4);
SB_ASSERT_OFFSET(struct sb_socket_welcome, idle_timeout, 8);
SB_ASSERT_OFFSET(struct sb_socket_welcome, reserved, 12);
SB_ASSERT_OFFSET(struct sb_socket_welcome, proof, 16);

#endif
