/*
 * The embedded signature (Authenticode): who signed, and whether the digest that was signed is that
 * of the file. Whether the signer is to be trusted is not asked.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "cli/info/report.h"

enum {
    CERTIFICATE_HEADER = 8, /* length, revision, type */
    PKCS_SIGNED_DATA = 2,
    CHECKSUM_FIELD = 88,   /* from the PE signature */
    DIRECTORY_FIELD = 168, /* the security directory's entry */
};

/* The file's bytes in the signature's directory, which is a file offset. */
static const uint8_t *signature_bytes(const struct info_report *report, uint32_t *length)
{
    uint32_t offset, size, entry;

    sb_image_directory(report->image, SB_IMAGE_SECURITY, &offset, &size);
    if (size <= CERTIFICATE_HEADER || offset > report->length || size > report->length - offset)
        return NULL;
    const uint8_t *bytes = report->bytes + offset;
    memcpy(&entry, bytes, sizeof entry);
    if (entry <= CERTIFICATE_HEADER || entry > size || bytes[6] != PKCS_SIGNED_DATA)
        return NULL;
    *length = entry - CERTIFICATE_HEADER;
    return bytes + CERTIFICATE_HEADER;
}

static const char *name_text(struct info_report *report, const X509_NAME *name)
{
    BIO *output = BIO_new(BIO_s_mem());
    const char *copy = NULL;
    char *text;

    if (output &&
        X509_NAME_print_ex(output, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        long length = BIO_get_mem_data(output, &text);
        copy = arena_copy(&report->arena, text, (size_t)length);
    }
    BIO_free(output);
    return copy;
}

static bool is_image_digest(const ASN1_OBJECT *type)
{
    char text[40];

    return OBJ_obj2txt(text, sizeof text, type, 1) > 0 &&
           strcmp(text, "1.3.6.1.4.1.311.2.1.4") == 0; /* SPC_INDIRECT_DATA */
}

/* The digest that was signed: the second part of the content. NULL: there is none. */
static X509_SIG *signed_digest(const PKCS7 *signature)
{
    const PKCS7 *content = signature->d.sign->contents;
    const ASN1_TYPE *other;
    long length;
    int tag, class;

    if (!content || !is_image_digest(content->type))
        return NULL;
    other = content->d.other;
    if (!other || other->type != V_ASN1_SEQUENCE)
        return NULL;
    const unsigned char *at = other->value.sequence->data;
    const unsigned char *end = at + other->value.sequence->length;
    for (int part = 0; part < 2; part++) {
        if (ASN1_get_object(&at, &length, &tag, &class, end - at) & 0x80 || tag != V_ASN1_SEQUENCE)
            return NULL;
        if (part == 1)
            at += length; /* behind the first part */
    }
    return d2i_X509_SIG(NULL, &at, end - at);
}

/* All of the file but its checksum, the directory's entry and the signatures. */
static bool file_digest(const struct info_report *report, const EVP_MD *type, unsigned char *digest,
                        unsigned *digest_length)
{
    uint32_t header, offset, size;
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    sb_image_directory(report->image, SB_IMAGE_SECURITY, &offset, &size);
    memcpy(&header, report->bytes + 60, sizeof header);
    const size_t holes[][2] = {{header + CHECKSUM_FIELD, 4},
                               {header + DIRECTORY_FIELD, 8},
                               {offset, size},
                               {report->length, 0}};
    size_t at = 0;
    bool fine = context && EVP_DigestInit_ex(context, type, NULL) == 1;
    for (size_t i = 0; fine && i < sizeof holes / sizeof *holes; i++) {
        fine = holes[i][0] >= at && holes[i][0] <= report->length &&
               EVP_DigestUpdate(context, report->bytes + at, holes[i][0] - at) == 1;
        at = holes[i][0] + holes[i][1];
    }
    fine = fine && EVP_DigestFinal_ex(context, digest, digest_length) == 1;
    EVP_MD_CTX_free(context);
    return fine;
}

static void read_digest(struct info_report *report, const PKCS7 *signature)
{
    X509_SIG *signed_one = signed_digest(signature);
    const X509_ALGOR *algorithm;
    const ASN1_OCTET_STRING *wanted;
    unsigned char got[EVP_MAX_MD_SIZE];
    unsigned length;

    if (!signed_one)
        return;
    X509_SIG_get0(signed_one, &algorithm, &wanted);
    const EVP_MD *type = EVP_get_digestbyobj(algorithm->algorithm);
    if (type && file_digest(report, type, got, &length)) {
        report->signature.digest = EVP_MD_get0_name(type);
        report->signature.digest_matches = (int)length == ASN1_STRING_length(wanted) &&
                                           memcmp(got, ASN1_STRING_get0_data(wanted), length) == 0;
    }
    X509_SIG_free(signed_one);
}

static void read_signer(struct info_report *report, PKCS7 *signature)
{
    STACK_OF(X509) *signers = PKCS7_get0_signers(signature, NULL, 0);

    if (signers && sk_X509_num(signers) > 0) {
        X509 *signer = sk_X509_value(signers, 0);
        report->signature.subject = name_text(report, X509_get_subject_name(signer));
        report->signature.issuer = name_text(report, X509_get_issuer_name(signer));
    }
    sk_X509_free(signers);
}

void info_read_signature(struct info_report *report)
{
    uint32_t offset, size, length;

    sb_image_directory(report->image, SB_IMAGE_SECURITY, &offset, &size);
    if (!size)
        return;
    report->signature.is_present = true;
    const uint8_t *bytes = signature_bytes(report, &length);
    PKCS7 *signature = bytes ? d2i_PKCS7(NULL, &bytes, (long)length) : NULL;
    if (signature && PKCS7_type_is_signed(signature) && signature->d.sign) {
        read_signer(report, signature);
        read_digest(report, signature);
    } else {
        report->signature.problem = "it cannot be read";
    }
    if (!report->signature.problem && (!report->signature.subject || !report->signature.digest))
        report->signature.problem = "it is no signature of an image";
    PKCS7_free(signature);
    ERR_clear_error();
}
