/*
 * SHA-256 (FIPS 180-4) and HMAC (RFC 2104) for the socket channel's handshake: the same for driver
 * and client, since the kernel's own is not importable on every runtime. Any IRQL.
 */
#ifndef SYSBUF_SHA256_H
#define SYSBUF_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_SHA256_LENGTH 32 /* bytes of a digest */

struct sb_sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    uint8_t block[64];
};

void sb_sha256_begin(struct sb_sha256 *sha);
void sb_sha256_add(struct sb_sha256 *sha, const void *bytes, size_t length);
void sb_sha256_end(struct sb_sha256 *sha, uint8_t digest[SB_SHA256_LENGTH]);

struct sb_hmac {
    struct sb_sha256 inner, outer;
};

void sb_hmac_begin(struct sb_hmac *hmac, const void *key, size_t key_length);
void sb_hmac_add(struct sb_hmac *hmac, const void *bytes, size_t length);
void sb_hmac_end(struct sb_hmac *hmac, uint8_t digest[SB_SHA256_LENGTH]);

/* Whether two secrets are equal, in a time that depends on their length alone. */
bool sb_equal_secret(const uint8_t *one, const uint8_t *other, size_t length);
/* Overwrites a secret; the compiler does not leave it out. */
void sb_wipe(void *secret, size_t length);

#endif
