#include "image.h"

#include <stdint.h>

/* Offsets and values of the PE format. */
#define DOS_HEADER_LENGTH 64
#define DOS_PE_OFFSET     60
#define PE_HEADER_LENGTH  (24 + 70)
#define PE_MACHINE        4
#define PE_MAGIC          24
#define PE_SUBSYSTEM      (24 + 68)
#define MACHINE_AMD64     0x8664
#define MAGIC_PE32_PLUS   0x20B
#define SUBSYSTEM_NATIVE  1
#define LARGEST_PE_OFFSET 0x10000000u

static uint16_t read16(const unsigned char *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t read32(const unsigned char *bytes)
{
    return read16(bytes) | (uint32_t)read16(bytes + 2) << 16;
}

bool sb_is_driver_image(FILE *file)
{
    unsigned char dos[DOS_HEADER_LENGTH];
    unsigned char pe[PE_HEADER_LENGTH];
    uint32_t offset;

    if (fread(dos, sizeof(dos), 1, file) != 1 || dos[0] != 'M' || dos[1] != 'Z')
        return false;
    offset = read32(dos + DOS_PE_OFFSET);
    if (offset > LARGEST_PE_OFFSET || fseek(file, (long)offset, SEEK_SET) != 0)
        return false;
    if (fread(pe, sizeof(pe), 1, file) != 1 || read32(pe) != 0x00004550)
        return false;
    return read16(pe + PE_MACHINE) == MACHINE_AMD64 && read16(pe + PE_MAGIC) == MAGIC_PE32_PLUS &&
           read16(pe + PE_SUBSYSTEM) == SUBSYSTEM_NATIVE;
}
