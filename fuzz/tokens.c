/* Texts in a driver's data: what it may look for in its input. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/internal.h"

enum {
    MOST_TOKENS = 512,
    SHORTEST = 4,
    DISCARDABLE = 0x02000000,
    EXECUTABLE = 0x20000000,
    INITIALISED = 0x40,
};

static void add(struct sb_fuzz *fuzz, const uint8_t *bytes, size_t length)
{
    struct token token = {.length = 0};
    if (fuzz->token_count == MOST_TOKENS || length > sizeof(token.bytes))
        return;
    token.length = (uint8_t)length;
    memcpy(token.bytes, bytes, length);
    for (uint32_t i = 0; i < fuzz->token_count; i++)
        if (memcmp(&fuzz->tokens[i], &token, sizeof(token)) == 0)
            return;
    struct token *grown = realloc(fuzz->tokens, (fuzz->token_count + 1) * sizeof(token));
    if (!grown)
        return;
    fuzz->tokens = grown;
    fuzz->tokens[fuzz->token_count++] = token;
}

static bool is_text(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7F;
}

/* Runs of characters, each step bytes from the next. */
static size_t run_length(const uint8_t *bytes, size_t size, size_t step)
{
    size_t length = 0;
    while (length + step <= size && is_text(bytes[length]) && (step == 1 || bytes[length + 1] == 0))
        length += step;
    return length;
}

static void search(struct sb_fuzz *fuzz, const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        size_t wide = run_length(bytes + at, size - at, 2);
        size_t narrow = run_length(bytes + at, size - at, 1);
        size_t length = wide > narrow ? wide : narrow;
        if (wide >= SHORTEST * 2 || narrow >= SHORTEST)
            add(fuzz, bytes + at, length);
        at += length + 1;
    }
}

/* Names of imports are texts too, but the linker's. */
static bool drop_import(void *context, const struct sb_image_import *import)
{
    struct sb_fuzz *fuzz = context;
    for (uint32_t i = 0; i < fuzz->token_count; i++) {
        size_t length = fuzz->tokens[i].length;
        const char *text = (const char *)fuzz->tokens[i].bytes;
        if ((import->name && strlen(import->name) == length &&
             memcmp(import->name, text, length) == 0) ||
            (strlen(import->module) == length && memcmp(import->module, text, length) == 0))
            fuzz->tokens[i--] = fuzz->tokens[--fuzz->token_count];
    }
    return true;
}

void tokens_collect(struct sb_fuzz *fuzz, const struct sb_image *image)
{
    struct sb_image_section section;
    for (uint32_t i = 0; sb_image_section(image, i, &section); i++) {
        uint32_t size =
            section.virtual_size < section.file_size ? section.virtual_size : section.file_size;
        const uint8_t *bytes = sb_image_data(image, section.address, size);
        if (bytes && (section.characteristics & INITIALISED) &&
            !(section.characteristics & (DISCARDABLE | EXECUTABLE)))
            search(fuzz, bytes, size);
    }
    sb_image_imports(image, drop_import, fuzz);
}
