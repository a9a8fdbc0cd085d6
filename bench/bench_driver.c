/*
 * The driver of the benchmarks on the host: what its handlers do themselves is next to nothing, so
 * that what is measured is the library and the host.
 */
#include <bench/bench_contract.h>
#include <sysbuf/driver.h>
#include <sysbuf/pend.h>

#define POOL_TAG 0x68636E42u /* "Bnch" */

struct block {
    struct block *next;
    uint64_t words[7];
};

static struct {
    struct sb_queue waiting;
    struct block *blocks; /* one call at a time allocates */
    uint64_t block_count;
} bench;

static void add_one(void *number)
{
    uint64_t value;

    RtlCopyMemory(&value, number, sizeof(value));
    value++;
    RtlCopyMemory(number, &value, sizeof(value));
}

static NTSTATUS mark_ends(struct sb_call *call)
{
    uint32_t length = call->output_capacity;

    if (length != 0 && length < 16)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (length != 0) {
        add_one(call->output);
        add_one((UCHAR *)call->output + length - 8);
    }
    call->reply_length = length;
    return STATUS_SUCCESS;
}

static NTSTATUS wait(struct sb_call *call)
{
    return sb_pend(call, &bench.waiting);
}

static NTSTATUS release(struct sb_call *call)
{
    struct sb_pended *oldest = sb_pended_take(&bench.waiting);

    (void)call;
    if (oldest == NULL)
        return STATUS_NOT_FOUND;
    sb_pended_complete(oldest, STATUS_SUCCESS, NULL, 0);
    return STATUS_SUCCESS;
}

static BOOLEAN allocate(void)
{
    struct block *block = ExAllocatePoolWithTag(NonPagedPool, sizeof(*block), POOL_TAG);

    if (block == NULL)
        return FALSE;
    block->words[0] = ++bench.block_count;
    block->next = bench.blocks;
    bench.blocks = block;
    return TRUE;
}

/* The newest block holds its own number: FALSE if it does not. */
static BOOLEAN give_back(void)
{
    struct block *block = bench.blocks;
    BOOLEAN right = block->words[0] == bench.block_count;

    bench.blocks = block->next;
    bench.block_count--;
    ExFreePoolWithTag(block, POOL_TAG);
    return right;
}

static NTSTATUS keep(uint64_t count)
{
    while (bench.block_count < count)
        if (!allocate())
            return STATUS_INSUFFICIENT_RESOURCES;
    while (bench.block_count > count)
        if (!give_back())
            return STATUS_DATA_ERROR;
    return STATUS_SUCCESS;
}

static NTSTATUS use_pool(struct sb_call *call)
{
    const struct bench_pool wanted = *(const struct bench_pool *)call->input;
    NTSTATUS status = keep(wanted.kept);
    struct bench_pool done = {0, 0};

    while (NT_SUCCESS(status) && done.pairs < wanted.pairs) {
        if (!allocate())
            status = STATUS_INSUFFICIENT_RESOURCES;
        else if (!give_back())
            status = STATUS_DATA_ERROR;
        done.pairs++;
    }
    done.kept = bench.block_count;
    return NT_SUCCESS(status) ? sb_reply(call, &done, sizeof(done)) : status;
}

static NTSTATUS load(void)
{
    sb_queue_initialize(&bench.waiting);
    return STATUS_SUCCESS;
}

static void unload(void)
{
    (void)keep(0);
}

static const struct sb_command commands[] = {
    {.code = BENCH_ECHO,
     .input_maximum = BENCH_LONGEST,
     .flags = SB_IN_PLACE,
     .handler = mark_ends},
    {.code = BENCH_DIRECT, SB_INPUT_NONE, .handler = mark_ends},
    {.code = BENCH_WAIT, SB_INPUT_NONE, .handler = wait},
    {.code = BENCH_RELEASE, SB_INPUT_NONE, .handler = release},
    {.code = BENCH_POOL,
     SB_INPUT_EXACT(struct bench_pool),
     .output_minimum = sizeof(struct bench_pool),
     .handler = use_pool},
};

static const struct sb_driver description = {
    .device_name = L"\\Device\\SbBench",
    .link_name = L"\\??\\SbBench",
    .commands = commands,
    .command_count = SB_COUNT(commands),
    .load = load,
    .unload = unload,
};

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    return sb_driver_start(object, registry_path, &description);
}
