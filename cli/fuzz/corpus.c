#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/fuzz/fuzz.h"
#include "cli/memory.h"

/* FNV-1a, by Fowler, Noll and Vo. */
static uint64_t hash_of(const uint8_t *bytes, size_t length)
{
    uint64_t hash = 0xCBF29CE484222325;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * 0x100000001B3;
    return hash;
}

static bool is_known(const struct corpus *corpus, uint64_t hash)
{
    for (size_t i = 0; i < corpus->count; i++)
        if (corpus->entries[i].hash == hash)
            return true;
    return false;
}

/* Under another name first: other jobs read the folder meanwhile. */
static void write_entry(const struct corpus *corpus, const struct corpus_entry *entry)
{
    char path[4096], hidden[4096];
    snprintf(path, sizeof(path), "%s/%016" PRIx64, corpus->folder, entry->hash);
    snprintf(hidden, sizeof(hidden), "%s/.%016" PRIx64, corpus->folder, entry->hash);
    FILE *file = fopen(hidden, "wbe");
    if (!file)
        return;
    bool written = fwrite(entry->input, 1, entry->length, file) == entry->length;
    if (fclose(file) != 0 || !written || rename(hidden, path) != 0)
        remove(hidden);
}

bool corpus_add(struct corpus *corpus, const uint8_t *input, size_t length, bool is_new)
{
    struct corpus_entry entry = {.length = length, .hash = hash_of(input, length)};
    if (is_known(corpus, entry.hash))
        return false;
    entry.input = memory_allocate(length ? length : 1);
    memcpy(entry.input, input, length);
    corpus->entries = memory_grow(corpus->entries, corpus->count, sizeof(entry));
    corpus->entries[corpus->count++] = entry;
    if (is_new && corpus->folder)
        write_entry(corpus, &entry);
    return true;
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void read_entry(struct corpus *corpus, const char *path,
                       void (*visit)(void *context, const uint8_t *input, size_t length),
                       void *context)
{
    struct file_contents file;
    const char *reason;
    if (!file_read(path, &file, &reason))
        return; /* a folder, or gone again */
    size_t length = file.length < SB_FUZZ_LONGEST ? file.length : SB_FUZZ_LONGEST;
    if (corpus_add(corpus, file.bytes, length, false))
        visit(context, file.bytes, length);
    free(file.bytes);
}

void corpus_read(struct corpus *corpus,
                 void (*visit)(void *context, const uint8_t *input, size_t length), void *context)
{
    struct dirent **names;
    char path[4096];
    int count = corpus->folder ? scandir(corpus->folder, &names, is_input, alphasort) : -1;
    for (int i = 0; i < count; i++) {
        uint64_t hash;
        char end;
        /* What is called by a hash that is known need not be read. */
        bool is_hash = sscanf(names[i]->d_name, "%16" SCNx64 "%c", &hash, &end) == 1;
        snprintf(path, sizeof(path), "%s/%s", corpus->folder, names[i]->d_name);
        if (!is_hash || !is_known(corpus, hash))
            read_entry(corpus, path, visit, context);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
}

void corpus_free(struct corpus *corpus)
{
    for (size_t i = 0; i < corpus->count; i++)
        free(corpus->entries[i].input);
    free(corpus->entries);
    *corpus = (struct corpus){.folder = NULL};
}

static bool make_one(const char *folder)
{
    struct stat status;
    return mkdir(folder, 0777) == 0 ||
           (errno == EEXIST && stat(folder, &status) == 0 && S_ISDIR(status.st_mode));
}

/* Those above it first. */
static bool make_all(const char *folder)
{
    char path[4096];
    if (strlen(folder) >= sizeof(path))
        return false;
    for (const char *slash = strchr(folder + 1, '/'); *folder && slash;
         slash = strchr(slash + 1, '/')) {
        snprintf(path, sizeof(path), "%.*s", (int)(slash - folder), folder);
        if (!make_one(path))
            return false;
    }
    return make_one(folder);
}

bool corpus_make_folder(const char *option, const char *folder)
{
    if (make_all(folder))
        return true;
    command_fail("%s: %s is no folder and cannot be made one", option, folder);
    return false;
}
