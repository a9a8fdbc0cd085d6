#include "sha256.h"

/* The fractional parts of the cube roots of the first 64 primes. */
static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t word, unsigned bits)
{
    return (word >> bits) | (word << (32 - bits));
}

static uint32_t load_big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void store_big_endian(uint8_t *bytes, uint32_t word)
{
    bytes[0] = (uint8_t)(word >> 24);
    bytes[1] = (uint8_t)(word >> 16);
    bytes[2] = (uint8_t)(word >> 8);
    bytes[3] = (uint8_t)word;
}

static void expand(uint32_t schedule[64], const uint8_t *block)
{
    unsigned t;

    for (t = 0; t < 16; t++)
        schedule[t] = load_big_endian(block + 4 * t);
    for (; t < 64; t++) {
        uint32_t x = schedule[t - 15];
        uint32_t y = schedule[t - 2];

        schedule[t] = schedule[t - 16] + (rotate(x, 7) ^ rotate(x, 18) ^ (x >> 3)) +
                      schedule[t - 7] + (rotate(y, 17) ^ rotate(y, 19) ^ (y >> 10));
    }
}

/* FIPS 180-4, 6.2.2; v holds the working variables a to h. */
static void compress(uint32_t state[8], const uint8_t *block)
{
    uint32_t schedule[64];
    uint32_t v[8];
    unsigned t;
    unsigned i;

    expand(schedule, block);
    for (i = 0; i < 8; i++)
        v[i] = state[i];
    for (t = 0; t < 64; t++) {
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        uint32_t first = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) + choice +
                         round_constants[t] + schedule[t];
        uint32_t second = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) + majority;

        for (i = 7; i > 0; i--)
            v[i] = v[i - 1];
        v[4] += first;
        v[0] = first + second;
    }
    for (i = 0; i < 8; i++)
        state[i] += v[i];
}

void sb_sha256_begin(struct sb_sha256 *sha)
{
    /* The fractional parts of the square roots of the first eight primes. */
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    unsigned i;

    for (i = 0; i < 8; i++)
        sha->state[i] = initial[i];
    sha->length = 0;
}

void sb_sha256_add(struct sb_sha256 *sha, const void *bytes, size_t length)
{
    const uint8_t *next = bytes;
    size_t used = (size_t)(sha->length % sizeof(sha->block));

    sha->length += length;
    while (length-- != 0) {
        sha->block[used++] = *next++;
        if (used == sizeof(sha->block)) {
            compress(sha->state, sha->block);
            used = 0;
        }
    }
}

void sb_sha256_end(struct sb_sha256 *sha, uint8_t digest[SB_SHA256_LENGTH])
{
    static const uint8_t padding[64] = {0x80};
    uint64_t bits = sha->length * 8;
    size_t used = (size_t)(sha->length % sizeof(sha->block));
    uint8_t length[8];
    unsigned i;

    store_big_endian(length, (uint32_t)(bits >> 32));
    store_big_endian(length + 4, (uint32_t)bits);
    sb_sha256_add(sha, padding, used < 56 ? 56 - used : 120 - used);
    sb_sha256_add(sha, length, sizeof(length));
    for (i = 0; i < 8; i++)
        store_big_endian(digest + 4 * i, sha->state[i]);
    sb_wipe(sha, sizeof(*sha));
}

/* The key, or its digest if it is longer than a block, xor a byte. */
static void add_padded_key(struct sb_sha256 *sha, const uint8_t *key, size_t length, uint8_t pad)
{
    uint8_t block[64];
    size_t i;

    for (i = 0; i < sizeof(block); i++)
        block[i] = (uint8_t)((i < length ? key[i] : 0) ^ pad);
    sb_sha256_begin(sha);
    sb_sha256_add(sha, block, sizeof(block));
    sb_wipe(block, sizeof(block));
}

void sb_hmac_begin(struct sb_hmac *hmac, const void *key, size_t key_length)
{
    uint8_t digest[SB_SHA256_LENGTH];

    if (key_length > sizeof(hmac->inner.block)) {
        sb_sha256_begin(&hmac->inner);
        sb_sha256_add(&hmac->inner, key, key_length);
        sb_sha256_end(&hmac->inner, digest);
        key = digest;
        key_length = sizeof(digest);
    }
    add_padded_key(&hmac->inner, key, key_length, 0x36);
    add_padded_key(&hmac->outer, key, key_length, 0x5c);
    sb_wipe(digest, sizeof(digest));
}

void sb_hmac_add(struct sb_hmac *hmac, const void *bytes, size_t length)
{
    sb_sha256_add(&hmac->inner, bytes, length);
}

void sb_hmac_end(struct sb_hmac *hmac, uint8_t digest[SB_SHA256_LENGTH])
{
    uint8_t inner[SB_SHA256_LENGTH];

    sb_sha256_end(&hmac->inner, inner);
    sb_sha256_add(&hmac->outer, inner, sizeof(inner));
    sb_sha256_end(&hmac->outer, digest);
    sb_wipe(inner, sizeof(inner));
}

bool sb_equal_secret(const uint8_t *one, const uint8_t *other, size_t length)
{
    volatile uint8_t difference = 0;
    size_t i;

    for (i = 0; i < length; i++)
        difference = (uint8_t)(difference | (one[i] ^ other[i]));
    return difference == 0;
}

void sb_wipe(void *secret, size_t length)
{
    volatile uint8_t *byte = secret;

    while (length-- != 0)
        *byte++ = 0;
}
