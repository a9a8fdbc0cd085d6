/* SHA-256 and HMAC against published vectors: FIPS 180-4's examples, NIST's long messages of one
 * byte, RFC 4231. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <driver/sha256.h>

static void assert_digest(const char *wanted, const uint8_t digest[SB_SHA256_LENGTH])
{
    char text[2 * SB_SHA256_LENGTH + 1];

    for (int i = 0; i < SB_SHA256_LENGTH; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(wanted, text);
}

/* The digest of text count times over, added in pieces of every size. */
static void assert_sha(const char *wanted, const char *text, int count)
{
    struct sb_sha256 sha;
    uint8_t digest[SB_SHA256_LENGTH];

    sb_sha256_begin(&sha);
    for (int i = 0; i < count; i++)
        sb_sha256_add(&sha, text, strlen(text));
    sb_sha256_end(&sha, digest);
    assert_digest(wanted, digest);
}

static void digests_are_those_of_fips_180(void **state)
{
    char pieces[126] = "";

    (void)state;
    assert_sha("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "", 1);
    assert_sha("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "abc", 1);
    assert_sha("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
               "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1);
    assert_sha("cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
               "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
               "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
               1);
    assert_sha("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", "a", 1000000);
    memset(pieces, 'a', 125); /* in pieces that straddle the blocks */
    assert_sha("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", pieces,
               1000000 / 125);
}

static void assert_hmac(const char *wanted, const void *key, size_t key_length, const void *data,
                        size_t length)
{
    struct sb_hmac hmac;
    uint8_t digest[SB_SHA256_LENGTH];

    sb_hmac_begin(&hmac, key, key_length);
    sb_hmac_add(&hmac, data, length / 2);
    sb_hmac_add(&hmac, (const char *)data + length / 2, length - length / 2);
    sb_hmac_end(&hmac, digest);
    assert_digest(wanted, digest);
}

static void codes_are_those_of_rfc_4231(void **state)
{
    static const char large[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    static const char both[] =
        "This is a test using a larger than block-size key and a larger than block-size data. The "
        "key needs to be hashed before being used by the HMAC algorithm.";
    uint8_t key[131], data[50];

    (void)state;
    memset(key, 0x0b, 20);
    assert_hmac("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", key, 20,
                "Hi There", 8);
    assert_hmac("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "Jefe", 4,
                "what do ya want for nothing?", 28);
    memset(key, 0xaa, sizeof(key));
    memset(data, 0xdd, sizeof(data));
    assert_hmac("773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe", key, 20, data,
                sizeof(data));
    memset(data, 0xcd, sizeof(data));
    for (int i = 0; i < 25; i++)
        key[i] = (uint8_t)(i + 1);
    assert_hmac("82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b", key, 25, data,
                sizeof(data));
    memset(key, 0xaa, sizeof(key));
    assert_hmac("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", key,
                sizeof(key), large, sizeof(large) - 1);
    assert_hmac("9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2", key,
                sizeof(key), both, sizeof(both) - 1);
}

static void secrets_differ_by_any_bit(void **state)
{
    uint8_t one[32] = {0}, other[32] = {0};

    (void)state;
    assert_true(sb_equal_secret(one, other, sizeof(one)));
    for (unsigned bit = 0; bit < 8 * sizeof(one); bit++) {
        other[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(sb_equal_secret(one, other, sizeof(one)));
        other[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    memset(one, 7, sizeof(one));
    sb_wipe(one, sizeof(one));
    assert_true(sb_equal_secret(one, other, sizeof(one)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_fips_180),
        cmocka_unit_test(codes_are_those_of_rfc_4231),
        cmocka_unit_test(secrets_differ_by_any_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
