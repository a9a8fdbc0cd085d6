/* Control codes of the layout driver, for driver and test. */
#ifndef LAYOUT_H
#define LAYOUT_H

enum {
    LAYOUT_CHECK = 0x222000, /* answers a ULONG: how many checks have failed */
    LAYOUT_WRITE_CODE = 0x222004,
    LAYOUT_WRITE_CONSTANT = 0x222008,
    LAYOUT_WRITE_HEADER = 0x22200C,
    LAYOUT_EXECUTE_DATA = 0x222010,
    LAYOUT_READ_INIT = 0x222014,
    LAYOUT_SPIN = 0x222018,
};

#endif
