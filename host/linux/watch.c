/* Watched pages in the signal handler: single steps, and copies that go past the watch. */
#include <sys/syscall.h>
#include <unistd.h>

#include "host/linux/linux.h"

enum { STEP_PAGES = 6, BOUNCE_SIZE = 1024 };

/* Pages that the thread's current instruction may use. */
static _Thread_local struct {
    uint64_t pages[STEP_PAGES];
    unsigned count;
} step __attribute__((tls_model("initial-exec")));

bool linux_watch_step(const void *address)
{
    if (step.count == STEP_PAGES)
        return false;
    step.pages[step.count++] = (uint64_t)address;
    linux_watched_page_open(address, true);
    return true;
}

bool linux_watch_is_stepping(void)
{
    return step.count != 0;
}

bool linux_watch_step_end(void)
{
    bool stepped = step.count != 0;
    while (step.count > 0)
        linux_watched_page_open((const void *)step.pages[--step.count], false);
    return stepped;
}

/* ---- copies: the memory file is read or written in the page's place ---- */
static uint64_t rest_of_page(uint64_t address, uint64_t length)
{
    uint64_t rest = LINUX_PAGE_SIZE - address % LINUX_PAGE_SIZE;
    return rest < length ? rest : length;
}

static bool allows(uint64_t address, bool write)
{
    enum linux_protection protection = linux_page_protection((const void *)address);
    return write ? protection == LINUX_READ_WRITE || protection == LINUX_READ_WRITE_EXECUTE
                 : protection != LINUX_NO_ACCESS;
}

static int64_t read_page(uint64_t from, void *to, uint64_t length)
{
    int64_t offset;
    int file = linux_page_file((const void *)from, &offset);
    return file < 0 || !allows(from, false) ? -1 : syscall(SYS_pread64, file, to, length, offset);
}

static int64_t write_page(uint64_t to, const void *from, uint64_t length)
{
    int64_t offset;
    int file = linux_page_file((const void *)to, &offset);
    return file < 0 || !allows(to, true) ? -1 : syscall(SYS_pwrite64, file, from, length, offset);
}

static int64_t copy_both(uint64_t to, uint64_t from, uint64_t length)
{
    uint8_t bounce[BOUNCE_SIZE];
    int64_t done = read_page(from, bounce, length < sizeof bounce ? length : sizeof bounce);
    return done <= 0 ? done : write_page(to, bounce, (uint64_t)done);
}

bool linux_watch_copy(uint64_t *to, uint64_t *from, uint64_t *length)
{
    bool reads = linux_page_is_watched((const void *)*from);
    bool writes = linux_page_is_watched((const void *)*to);
    uint64_t part = *length;
    int64_t done;

    if (reads)
        part = rest_of_page(*from, part);
    if (writes)
        part = rest_of_page(*to, part);
    if (reads && writes)
        done = copy_both(*to, *from, part);
    else if (reads)
        done = read_page(*from, (void *)*to, part);
    else
        done = write_page(*to, (const void *)*from, part);
    if (done <= 0)
        return false;
    *to += (uint64_t)done;
    *from += (uint64_t)done;
    *length -= (uint64_t)done;
    return true;
}
