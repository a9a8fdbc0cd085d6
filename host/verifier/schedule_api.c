/* include/sysbuf/host.h: schedules and their seeds. */
#include "host/api.h"
#include "host/ke/text.h"
#include "host/verifier/schedule.h"

/*
 * A seed: "0", or "INDEX.OPTION-INDEX.OPTION...", the decisions that are not 0 in order, and then
 * perhaps "@DIGEST", eight hexadecimal digits, of the run up to the last of them.
 */
struct reader {
    const char *at;
    bool is_wrong;
};

static uint32_t read_number(struct reader *reader, uint32_t most)
{
    uint64_t value = 0;
    const char *start = reader->at;
    while (*reader->at >= '0' && *reader->at <= '9' && value <= most)
        value = value * 10 + (uint64_t)(*reader->at++ - '0');
    if (reader->at == start || value > most)
        reader->is_wrong = true;
    return (uint32_t)value;
}

static bool skip(struct reader *reader, char expected)
{
    if (*reader->at != expected)
        return false;
    reader->at++;
    return true;
}

static uint32_t read_digest(struct reader *reader)
{
    uint32_t value = 0;
    for (int i = 0; i < 8; i++, reader->at++) {
        char digit = *reader->at;
        if (digit >= '0' && digit <= '9')
            value = value << 4 | (uint32_t)(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            value = value << 4 | (uint32_t)(digit - 'a' + 10);
        else {
            reader->is_wrong = true;
            return 0;
        }
    }
    return value;
}

static bool put(uint8_t **prefix, uint32_t *length, uint32_t index, uint32_t option)
{
    uint8_t *grown = linux_reallocate(*prefix, index + 1);
    if (!grown)
        return false;
    __builtin_memset(grown + *length, 0, index - *length);
    grown[index] = (uint8_t)option;
    *prefix = grown;
    *length = index + 1;
    return true;
}

static NTSTATUS read_decisions(struct reader *reader, uint8_t **prefix, uint32_t *length)
{
    do {
        uint32_t index = read_number(reader, SCHEDULE_MOST_DECISIONS - 1);
        if (!reader->is_wrong && !skip(reader, '.'))
            reader->is_wrong = true;
        if (reader->is_wrong || index < *length)
            return STATUS_INVALID_PARAMETER;
        uint32_t option = read_number(reader, SCHEDULE_MOST_OPTIONS - 1);
        if (reader->is_wrong)
            return STATUS_INVALID_PARAMETER;
        if (!put(prefix, length, index, option))
            return STATUS_INSUFFICIENT_RESOURCES;
    } while (skip(reader, '-'));
    return STATUS_SUCCESS;
}

static NTSTATUS read_seed(const char *seed, struct sb_schedule *schedule)
{
    struct reader reader = {.at = seed};
    NTSTATUS status = STATUS_SUCCESS;
    if (seed[0] == '0' && seed[1] != '.')
        reader.at++;
    else
        status = read_decisions(&reader, &schedule->prefix, &schedule->prefix_length);
    if (NT_SUCCESS(status) && skip(&reader, '@')) {
        schedule->expected_digest = read_digest(&reader);
        schedule->digest_at = schedule->prefix_length;
    }
    if (NT_SUCCESS(status) && (reader.is_wrong || *reader.at))
        status = STATUS_INVALID_PARAMETER;
    return status;
}

sb_status sb_schedule_create(const char *seed, struct sb_schedule **schedule)
{
    struct sb_schedule *new = linux_allocate(sizeof(*new));
    if (!new)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = seed ? read_seed(seed, new) : STATUS_SUCCESS;
    if (!NT_SUCCESS(status)) {
        sb_schedule_destroy(new);
        return status;
    }
    *schedule = new;
    return STATUS_SUCCESS;
}

sb_status sb_schedule_create_random(uint64_t number, uint32_t changes,
                                    struct sb_schedule **schedule)
{
    enum { LENGTH = 200 }; /* decisions of a typical run: how far the changes are spread */
    NTSTATUS status = sb_schedule_create(NULL, schedule);
    if (NT_SUCCESS(status))
        schedule_chance_start(&(*schedule)->chance, number, changes, LENGTH);
    return status;
}

void sb_schedule_limit_steps(struct sb_schedule *schedule, uint32_t steps)
{
    schedule->most_steps = steps;
}

void sb_schedule_destroy(struct sb_schedule *schedule)
{
    if (!schedule)
        return;
    linux_free(schedule->prefix);
    linux_free(schedule->decisions);
    linux_free(schedule);
}

/* Appends to what did not fit as well: the length of the whole is wanted. */
struct writer {
    char *text;
    size_t size, length;
};

static void write(struct writer *writer, const char *text, SIZE_T length)
{
    for (SIZE_T i = 0; i < length; i++, writer->length++)
        if (writer->length + 1 < writer->size)
            writer->text[writer->length] = text[i];
}

size_t sb_schedule_seed(const struct sb_schedule *schedule, char *text, size_t size)
{
    struct writer writer = {text, size, 0};
    const struct schedule_decision *last = NULL;
    char part[40];
    for (uint32_t i = 0; i < schedule->count; i++) {
        const struct schedule_decision *decision = &schedule->decisions[i];
        if (decision->chosen == 0)
            continue;
        write(&writer, part,
              text_format(part, sizeof(part), "%s%u.%u", last ? "-" : "", i, decision->chosen));
        last = decision;
    }
    if (last)
        write(&writer, part, text_format(part, sizeof(part), "@%08x", last->digest));
    else
        write(&writer, "0", 1);
    if (size)
        text[writer.length < size ? writer.length : size - 1] = 0;
    return writer.length;
}

void sb_schedule_describe(const struct sb_schedule *schedule, struct sb_schedule_run *run)
{
    *run = (struct sb_schedule_run){.decisions = schedule->count,
                                    .preemptions = schedule_preemptions(schedule, schedule->count),
                                    .diverged = schedule->diverged || schedule->is_exhausted ||
                                                schedule->count < schedule->prefix_length};
}
