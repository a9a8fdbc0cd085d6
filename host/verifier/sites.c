#include "host/verifier/sites.h"

#include <sysbuf/host.h>

#include "host/api.h"
#include "host/ke/text.h"
#include "host/linux/pe_symbols.h"
#include "host/loader/loader.h"
#include "host/verifier/stack_trace.h"

enum { BUCKETS = 512 };

/* The bytes of an image that is gone: naming its sites takes as long as making a machine, and few
 * ask for names. */
struct kept_file {
    struct kept_file *next;
    SIZE_T size;
    uint8_t bytes[];
};

struct site {
    struct site *next;       /* of the same hash */
    struct site *next_found; /* in the order in which they were met */
    const char *routine;
    const struct verifier_trace *trace;
    uint64_t id;
    ULONG hits, failures;
    const struct kept_file *file; /* NULL: the image is there */
    BOOLEAN is_named;             /* its symbol was looked for */
    struct linux_symbol symbol;
};

struct verifier_sites {
    struct linux_lock lock;
    struct site *buckets[BUCKETS];
    struct site *first, **last;
    struct kept_file *files;
    ULONG count;
};

static struct verifier_sites *sites_of(struct verifier_state *state)
{
    struct verifier_sites *sites = __atomic_load_n(&state->sites, __ATOMIC_ACQUIRE);
    if (sites)
        return sites;
    struct verifier_sites *made = linux_allocate(sizeof(*made));
    if (!made)
        return NULL;
    made->last = &made->first;
    if (__atomic_compare_exchange_n(&state->sites, &sites, made, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return made;
    linux_free(made);
    return sites;
}

/* Of names alone, so that it is the same in every run; never zero. */
static uint64_t identify(const char *routine, const struct verifier_trace *trace)
{
    uint64_t id = trace->id ^ 0xCBF29CE484222325ull;
    for (const char *c = routine; *c; c++)
        id = (id ^ (unsigned char)*c) * 0x100000001B3ull;
    return id ? id : 1;
}

/* Under the lock. */
static struct site *find(struct verifier_sites *sites, const char *routine,
                         const struct verifier_trace *trace)
{
    struct site **bucket = &sites->buckets[((uint64_t)trace / 64 + (uint64_t)routine) % BUCKETS];
    struct site *site = *bucket;
    while (site && (site->trace != trace || site->routine != routine))
        site = site->next;
    if (site || !(site = linux_allocate(sizeof(*site))))
        return site;
    site->routine = routine;
    site->trace = trace;
    site->id = identify(routine, trace);
    site->next = *bucket;
    *bucket = site;
    *sites->last = site;
    sites->last = &site->next_found;
    sites->count++;
    return site;
}

BOOLEAN verifier_site_fails(const char *routine, const void *caller)
{
    struct machine *machine = current_machine();
    struct verifier_sites *sites = sites_of(verifier_state());
    const struct verifier_trace *trace = verifier_trace(caller);
    BOOLEAN fails = FALSE;

    if (!sites || !trace)
        return FALSE;
    linux_lock(&sites->lock);
    struct site *site = find(sites, routine, trace);
    if (site) {
        site->hits++;
        fails = site->id == machine->fail_site &&
                (machine->fail_hit == 0 || machine->fail_hit == site->hits);
        site->failures += fails;
    }
    linux_unlock(&sites->lock);
    return fails;
}

/* Under the lock. The call, not where it returns to. */
static void name(struct machine *machine, struct site *site)
{
    struct loaded_image *image = loader_find(machine, site->trace->frames[0]);
    uint32_t offset = (uint32_t)site->trace->offset - 1;
    if (site->is_named)
        return;
    if (site->file)
        linux_pe_symbol(site->file->bytes, site->file->size, offset, &site->symbol);
    else if (image)
        linux_pe_symbol(image->file, image->file_size, offset, &site->symbol);
    site->is_named = site->file || image;
}

static BOOLEAN needs_file(const struct site *site, const struct loaded_image *image)
{
    return !site->is_named && !site->file &&
           site->trace->frames[0] - (uint64_t)image->base < image->size;
}

static const struct kept_file *keep_file(struct verifier_sites *sites,
                                         const struct loaded_image *image)
{
    struct kept_file *file = linux_allocate(sizeof(*file) + image->file_size);
    if (!file)
        return NULL;
    file->size = image->file_size;
    __builtin_memcpy(file->bytes, image->file, image->file_size);
    file->next = sites->files;
    sites->files = file;
    return file;
}

void verifier_sites_forget_image(const struct loaded_image *image)
{
    struct verifier_sites *sites = image->machine->verifier_state->sites;
    if (!sites)
        return;
    const struct kept_file *file = NULL;
    linux_lock(&sites->lock);
    for (struct site *site = sites->first; site; site = site->next_found) {
        if (!needs_file(site, image))
            continue;
        if (!file && !(file = keep_file(sites, image)))
            break;
        site->file = file;
    }
    linux_unlock(&sites->lock);
}

void verifier_sites_destroy(struct verifier_sites *sites)
{
    while (sites && sites->first) {
        struct site *site = sites->first;
        sites->first = site->next_found;
        linux_free(site);
    }
    while (sites && sites->files) {
        struct kept_file *file = sites->files;
        sites->files = file->next;
        linux_free(file);
    }
    linux_free(sites);
}

/* ---- include/sysbuf/host.h ---- */
uint32_t sb_machine_site_count(struct sb_machine *handle)
{
    struct verifier_state *state = machine_of(handle)->verifier_state;
    struct verifier_sites *sites = state ? state->sites : NULL;
    if (!sites)
        return 0;
    linux_lock(&sites->lock);
    uint32_t count = sites->count;
    linux_unlock(&sites->lock);
    return count;
}

static void describe(const struct site *from, struct sb_site *site)
{
    *site = (struct sb_site){
        .id = from->id,
        .routine = from->routine,
        .offset = from->trace->offset,
        .line = from->symbol.line,
        .hits = from->hits,
        .failures = from->failures,
    };
    text_format(site->module, sizeof(site->module), "%s", from->trace->module);
    text_format(site->function, sizeof(site->function), "%s", from->symbol.function);
    text_format(site->source_file, sizeof(site->source_file), "%s", from->symbol.source_file);
}

bool sb_machine_site(struct sb_machine *handle, uint32_t index, struct sb_site *described)
{
    struct machine *machine = machine_of(handle);
    struct verifier_sites *sites = machine->verifier_state ? machine->verifier_state->sites : NULL;
    if (!sites)
        return false;
    linux_lock(&sites->lock);
    struct site *site = sites->first;
    while (site && index-- > 0)
        site = site->next_found;
    if (site) {
        name(machine, site);
        describe(site, described);
    }
    linux_unlock(&sites->lock);
    return site != NULL;
}
