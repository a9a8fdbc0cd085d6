#include "host/linux/frame_cfi.h"

#include <fcntl.h>
#include <libelf.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define CACHE_SIZE 4096u /* a power of two */

struct elf_object {
    struct elf_object *next;
    uint64_t load_address; /* difference between addresses in memory and in the file */
    uint64_t first_byte;   /* of the first segment: tells objects apart */
    Dwarf_CFI *eh_frame;   /* NULL when the file has none */
};

struct cached_frame {
    uint64_t address;
    Dwarf_Frame *frame;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct elf_object *objects;
static struct cached_frame cache[CACHE_SIZE];

void frame_cfi_lock(void)
{
    pthread_mutex_lock(&lock);
}

void frame_cfi_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

struct lookup {
    uint64_t address;
    uint64_t load_address;
    uint64_t first_byte;
    const char *path;
    bool found;
};

static int match_object(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct lookup *lookup = argument;

    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uint64_t start = info->dlpi_addr + segment->p_vaddr;

        if (segment->p_type != PT_LOAD || lookup->address < start ||
            lookup->address - start >= segment->p_memsz)
            continue;
        lookup->found = true;
        lookup->load_address = info->dlpi_addr;
        lookup->first_byte = info->dlpi_addr + info->dlpi_phdr[0].p_vaddr;
        lookup->path = info->dlpi_name[0] ? info->dlpi_name : "/proc/self/exe";
        return 1;
    }
    return 0;
}

/* The ELF handle and the file stay open: libdw reads the frames from them as they are asked for. */
static Dwarf_CFI *open_eh_frame(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return NULL;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(file, ELF_C_READ_MMAP, NULL);
    Dwarf_CFI *eh_frame = elf ? dwarf_getcfi_elf(elf) : NULL;
    if (!eh_frame) {
        elf_end(elf);
        close(file);
    }
    return eh_frame;
}

static struct elf_object *find_object(uint64_t address)
{
    struct lookup lookup = {.address = address};

    dl_iterate_phdr(match_object, &lookup);
    if (!lookup.found)
        return NULL;
    for (struct elf_object *object = objects; object; object = object->next)
        if (object->load_address == lookup.load_address && object->first_byte == lookup.first_byte)
            return object;

    struct elf_object *object = calloc(1, sizeof *object);
    if (!object)
        return NULL;
    object->load_address = lookup.load_address;
    object->first_byte = lookup.first_byte;
    object->eh_frame = open_eh_frame(lookup.path);
    object->next = objects;
    objects = object;
    return object;
}

bool frame_cfi_has_object(uint64_t address)
{
    return find_object(address) != NULL;
}

Dwarf_Frame *frame_cfi_find(uint64_t address)
{
    uint64_t hash = (address * 0x9E3779B97F4A7C15ull) >> 52;
    struct cached_frame *slot = &cache[hash & (CACHE_SIZE - 1)];

    if (slot->frame && slot->address == address)
        return slot->frame;
    struct elf_object *object = find_object(address);
    Dwarf_Frame *frame = NULL;
    if (!object || !object->eh_frame ||
        dwarf_cfi_addrframe(object->eh_frame, address - object->load_address, &frame) != 0)
        return NULL;
    free(slot->frame);
    *slot = (struct cached_frame){address, frame};
    return frame;
}
