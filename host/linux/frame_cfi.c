#include "host/linux/frame_cfi.h"

#include <fcntl.h>
#include <gelf.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define CACHE_SIZE 4096u /* a power of two */

struct elf_object {
    struct elf_object *next;
    uint64_t load_address; /* difference between addresses in memory and in the file */
    uint64_t first_byte;   /* of the first segment: tells objects apart */
    Elf *elf;              /* NULL when the file cannot be read */
    Dwarf_CFI *eh_frame;   /* NULL when it has none */
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

/* The file's mapping stays: libdw reads the frames from it as they are asked for. */
static Elf *open_elf(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return NULL;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(file, ELF_C_READ_MMAP, NULL);
    if (elf)
        elf_cntl(elf, ELF_C_FDREAD);
    close(file);
    return elf;
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
    object->elf = open_elf(lookup.path);
    object->eh_frame = object->elf ? dwarf_getcfi_elf(object->elf) : NULL;
    object->next = objects;
    objects = object;
    return object;
}

static const char *search_table(Elf *elf, Elf_Scn *section, uint64_t address, uint64_t *offset)
{
    GElf_Shdr header;
    GElf_Sym symbol;
    Elf_Data *data = elf_getdata(section, NULL);

    if (!data || !gelf_getshdr(section, &header))
        return NULL;
    for (int i = 0; gelf_getsym(data, i, &symbol); i++) {
        *offset = address - symbol.st_value;
        if (GELF_ST_TYPE(symbol.st_info) == STT_FUNC && *offset < symbol.st_size)
            return elf_strptr(elf, header.sh_link, symbol.st_name);
    }
    return NULL;
}

const char *frame_cfi_function(uint64_t address, uint64_t *offset)
{
    struct elf_object *object = find_object(address);
    Elf_Scn *section = NULL;
    GElf_Shdr header;
    const char *name = NULL;

    while (object && object->elf && !name && (section = elf_nextscn(object->elf, section)))
        if (gelf_getshdr(section, &header) &&
            (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
            name = search_table(object->elf, section, address - object->load_address, offset);
    return name;
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
