/* Control codes of the layout driver, for driver and test. */
#ifndef LAYOUT_H
#define LAYOUT_H

enum {
    LAYOUT_CHECK = 0x222000, /* answers a ULONG: what is wrong, of the bits below */
    LAYOUT_WRITE_CODE = 0x222004,
    LAYOUT_WRITE_CONSTANT = 0x222008,
    LAYOUT_WRITE_HEADER = 0x22200C,
    LAYOUT_EXECUTE_DATA = 0x222010,
    LAYOUT_READ_INIT = 0x222014,
    LAYOUT_SPIN = 0x222018,
};

enum {
    LAYOUT_BAD_DATA = 1,
    LAYOUT_BAD_POINTER = 2,
    LAYOUT_BAD_IMPORT = 4,
    LAYOUT_BAD_HEADER = 8,
    LAYOUT_BAD_MODULE = 16,
    LAYOUT_BAD_COOKIE = 32,
};

#endif
