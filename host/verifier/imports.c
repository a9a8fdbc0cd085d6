#include "host/verifier/imports.h"

#include "host/loader/loader.h"

static SIZE_T length_of(const char *text)
{
    SIZE_T length = 0;
    while (text[length])
        length++;
    return length;
}

BOOLEAN verifier_imports(uint64_t address, const char *name)
{
    struct loaded_image *image = loader_find(current_machine(), address);
    SIZE_T length = length_of(name) + 1; /* with its end */
    if (!image || !image->file || image->file_size < length)
        return FALSE;
    const char *bytes = image->file;
    for (SIZE_T i = 0; i + length <= image->file_size; i++)
        if (bytes[i] == name[0] && __builtin_memcmp(bytes + i, name, length) == 0)
            return TRUE;
    return FALSE;
}
