/* Reading code from any bytes: what is given stays in the image and in order. */
#include <stdint.h>
#include <stdlib.h>

#include <sysbuf/code.h>

static void check(const struct sb_image *image, const uint32_t *values, size_t count,
                  bool are_addresses)
{
    for (size_t i = 0; i < count; i++)
        if ((i && values[i] <= values[i - 1]) ||
            (are_addresses && !sb_image_data(image, values[i], 1)))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sb_image *image;
    struct sb_code *code;
    const struct sb_code_constant *constants;
    const uint32_t *values;

    if (sb_image_open(data, size, &image, NULL, 0) < 0)
        return 0;
    if (sb_code_read(image, &code) < 0)
        abort();
    size_t count = sb_code_blocks(code, &values);
    check(image, values, count, true);
    count = sb_code_control_codes(code, &values);
    check(image, values, count, false);
    count = sb_code_constants(code, &constants);
    for (size_t i = 0; i < count; i++)
        if (!sb_image_data(image, constants[i].address, 1))
            abort();
    sb_code_free(code);
    sb_image_close(image);
    return 0;
}
