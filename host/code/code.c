#include <stdlib.h>

#include "host/code/code.h"

static const sb_status out_of_memory = (sb_status)0xC000009A; /* STATUS_INSUFFICIENT_RESOURCES */

static bool reader_open(struct code_reader *reader, const struct sb_image *image)
{
    struct sb_image_header header;
    sb_image_header(image, &header);
    reader->image = image;
    reader->base = header.image_base;
    reader->size = header.image_size;
    if (!sb_image_data(image, 0, reader->size))
        reader->size = 0;
    reader->bytes = sb_image_data(image, 0, reader->size);
    reader->map = calloc(reader->size + 1, 1);
    if (cs_open(CS_ARCH_X86, CS_MODE_64, &reader->engine) != CS_ERR_OK)
        return false;
    cs_option(reader->engine, CS_OPT_DETAIL, CS_OPT_ON);
    reader->instruction = cs_malloc(reader->engine);
    return reader->map && reader->instruction;
}

static void reader_close(struct code_reader *reader)
{
    for (size_t i = 0; i < reader->switch_count; i++)
        code_list_free(&reader->switches[i].targets);
    free(reader->switches);
    free(reader->functions);
    code_list_free(&reader->work);
    code_list_free(&reader->guesses);
    if (reader->instruction)
        cs_free(reader->instruction, 1);
    if (reader->engine)
        cs_close(&reader->engine);
    free(reader->map);
}

static void collect_blocks(const struct code_reader *reader, struct sb_code *code)
{
    const uint8_t block = CODE_START | CODE_BLOCK;
    for (uint32_t at = 0; at < reader->size; at++)
        if ((reader->map[at] & block) == block && !code_list_add(&code->blocks, at))
            code->is_exhausted = true;
}

sb_status sb_code_read(const struct sb_image *image, struct sb_code **code)
{
    struct code_reader reader = {.size = 0};
    struct sb_code *made = calloc(1, sizeof(*made));
    bool opened = reader_open(&reader, image);
    if (made && opened) {
        code_walk(&reader);
        collect_blocks(&reader, made);
        code_collect_constants(&reader, made);
        code_collect_control_codes(&reader, made);
    }
    bool is_whole = made && opened && !made->is_exhausted && !reader.is_exhausted;
    reader_close(&reader);
    if (!is_whole) {
        sb_code_free(made);
        return out_of_memory;
    }
    *code = made;
    return 0;
}

void sb_code_free(struct sb_code *code)
{
    if (!code)
        return;
    code_list_free(&code->blocks);
    code_list_free(&code->codes);
    free(code->constants);
    free(code);
}

size_t sb_code_blocks(const struct sb_code *code, const uint32_t **addresses)
{
    *addresses = code->blocks.items;
    return code->blocks.count;
}

size_t sb_code_control_codes(const struct sb_code *code, const uint32_t **codes)
{
    *codes = code->codes.items;
    return code->codes.count;
}

size_t sb_code_constants(const struct sb_code *code, const struct sb_code_constant **constants)
{
    *constants = code->constants;
    return code->constant_count;
}
