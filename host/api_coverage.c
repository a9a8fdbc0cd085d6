/* include/sysbuf/host.h: what a driver's code says, and which of it runs. */
#include <sysbuf/code.h>

#include "host/api.h"
#include "host/io/io.h"
#include "host/loader/coverage.h"
#include "host/loader/loader.h"

static struct loaded_image *image_of(struct sb_driver *driver)
{
    return ((struct io_driver *)driver)->image;
}

static struct sb_code *read_code(const struct loaded_image *image)
{
    struct sb_image *file;
    struct sb_code *code = NULL;
    if (!image || !NT_SUCCESS(sb_image_open(image->file, image->file_size, &file, NULL, 0)))
        return NULL;
    if (!NT_SUCCESS(sb_code_read(file, &code)))
        code = NULL;
    sb_image_close(file);
    return code;
}

size_t sb_driver_control_codes(struct sb_driver *driver, uint32_t *codes, size_t capacity)
{
    struct sb_code *code = read_code(image_of(driver));
    const uint32_t *found;
    if (!code)
        return 0;
    size_t count = sb_code_control_codes(code, &found);
    for (size_t i = 0; i < count && i < capacity; i++)
        codes[i] = found[i];
    sb_code_free(code);
    return count;
}

sb_status sb_driver_coverage_start(struct sb_driver *driver, struct sb_coverage *coverage)
{
    struct loaded_image *image = image_of(driver);
    return image ? image_coverage_start(image, coverage) : STATUS_INVALID_PARAMETER;
}

void sb_driver_coverage_again(struct sb_driver *driver)
{
    if (image_of(driver))
        image_coverage_again(image_of(driver));
}

void sb_driver_coverage_stop(struct sb_driver *driver)
{
    if (image_of(driver))
        image_coverage_stop(image_of(driver));
}
