/*
 * What drivers add to a crash dump. No file is written: the report of the stop says who would have
 * added what. Asked are the reasons KbCallbackAddPages and KbCallbackSecondaryDumpData; the others
 * belong to the writing itself.
 */
#include "host/ke/schedule.h"
#include "host/ke/text.h"

enum { MOST_ADDED = 1024 * 1024, IN_BUFFER = 64 * 1024, MOST_RANGES = 256 };

static void report(struct machine *machine, const KBUGCHECK_REASON_CALLBACK_RECORD *record,
                   const char *what, ULONG_PTR count)
{
    char text[160];
    SIZE_T length = text_format(text, sizeof(text), "*** the dump: %s adds %I64u %s\n",
                                (const char *)record->Component, (uint64_t)count, what);
    ke_bug_check_report(machine, text, length);
}

static void ask_for_pages(struct machine *machine, PKBUGCHECK_REASON_CALLBACK_RECORD record)
{
    KBUGCHECK_ADD_PAGES pages = {.BugCheckCode = machine->ke->bug_check.code};
    ULONG_PTR count = 0;
    for (ULONG range = 0; range < MOST_RANGES; range++) {
        pages.Flags = 0;
        pages.Address = pages.Count = 0;
        record->CallbackRoutine(KbCallbackAddPages, record, &pages, sizeof(pages));
        count += pages.Count;
        if (!(pages.Flags & KB_ADD_PAGES_FLAG_ADDITIONAL_RANGES_EXIST))
            break;
    }
    report(machine, record, "pages", count);
}

static void ask_for_data(struct machine *machine, PKBUGCHECK_REASON_CALLBACK_RECORD record,
                         void *buffer)
{
    KBUGCHECK_SECONDARY_DUMP_DATA data = {
        .InBuffer = buffer, .InBufferLength = IN_BUFFER, .MaximumAllowed = MOST_ADDED};
    record->CallbackRoutine(KbCallbackSecondaryDumpData, record, &data, sizeof(data));
    report(machine, record, "bytes of its own", data.OutBuffer ? data.OutBufferLength : 0);
}

void ke_run_dump_callbacks(struct machine *machine)
{
    LIST_ENTRY *list = &machine->ke->bug_check_reason_callbacks;
    void *buffer = linux_allocate(IN_BUFFER);
    while (buffer && !IsListEmpty(list)) {
        PKBUGCHECK_REASON_CALLBACK_RECORD record =
            CONTAINING_RECORD(RemoveHeadList(list), KBUGCHECK_REASON_CALLBACK_RECORD, Entry);
        record->State = BufferStarted;
        if (record->Reason == KbCallbackAddPages)
            ask_for_pages(machine, record);
        else if (record->Reason == KbCallbackSecondaryDumpData)
            ask_for_data(machine, record, buffer);
        record->State = BufferFinished;
    }
    linux_free(buffer);
}
