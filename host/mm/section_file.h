/*
 * Sections of files. The file's contents are read when the section is made; what views changed is
 * written back when a view goes, when it is flushed and when the section goes. So reads of the file
 * see changes made through views after those moments, and views never see later writes to the file.
 */
#ifndef SYSBUF_HOST_SECTION_FILE_H
#define SYSBUF_HOST_SECTION_FILE_H

#include "host/mm/section.h"

/* Opens the file behind handle for a section of *size bytes (0: as long as the file; set), growing
 * the file when the section is writable. STATUS_MAPPED_FILE_SIZE_ZERO, STATUS_SECTION_TOO_BIG,
 * STATUS_ACCESS_DENIED, STATUS_INVALID_FILE_FOR_SECTION. PASSIVE_LEVEL, like all here. */
NTSTATUS mm_section_file_open(HANDLE handle, KPROCESSOR_MODE mode, BOOLEAN writable,
                              LARGE_INTEGER *size, struct section_file **file);
/* Reads the contents into the section's pages. */
NTSTATUS mm_section_file_load(struct section *section);
/* Writes changed pages back. Nothing to do for a section without a file. */
NTSTATUS mm_section_file_flush(struct section *section);
/* The whole file into memory of its length. */
NTSTATUS mm_section_file_read(struct section_file *file, uint8_t *contents);
void mm_section_file_close(struct section_file *file);

#endif
