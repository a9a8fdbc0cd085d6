/* Comparing what came with what the script says must come. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/names.h"
#include "cli/run/session.h"
#include "cli/run/watch.h"

/* Always false. The run's exit code is 1; whether it goes on is an option. */
#define MISSED(session, action, ...) \
    report_failure(session, (action)->line, EXIT_EXPECTATION, __VA_ARGS__)

static bool status(struct session *session, const struct action *action,
                   const struct expectation *expectation)
{
    sb_status wanted = (sb_status)(uint32_t)expectation->number;
    char want[96], got[96];

    if (session->result.status == wanted)
        return true;
    return MISSED(session, action, "expected %s, got %s", report_status(wanted, want),
                  report_status(session->result.status, got));
}

static bool success(struct session *session, const struct action *action, bool wanted)
{
    char got[96];

    if ((session->result.status >= 0) == wanted)
        return true;
    return MISSED(session, action, "expected %s, got %s", wanted ? "success" : "a failure",
                  report_status(session->result.status, got));
}

static bool information(struct session *session, const struct action *action,
                        const struct expectation *expectation)
{
    if (session->result.information == expectation->number)
        return true;
    return MISSED(session, action, "expected information %" PRIu64 ", got %" PRIu64,
                  expectation->number, session->result.information);
}

static bool bytes(struct session *session, const struct action *action,
                  const struct expectation *expectation, const char *name, size_t length)
{
    const struct action_data *wanted = &expectation->data;
    const uint8_t *got = session->result.output;
    char want_text[256], got_text[256];
    bool is_part = expectation->has_offset;
    size_t offset = expectation->offset < length ? (size_t)expectation->offset : length;
    size_t rest = length - offset;

    if (is_part && rest > wanted->length)
        rest = wanted->length;
    if (rest == wanted->length && (rest == 0 || memcmp(got + offset, wanted->bytes, rest) == 0))
        return true;
    size_t same = 0, least = rest < wanted->length ? rest : wanted->length;
    while (same < least && got[offset + same] == wanted->bytes[same])
        same++;
    return MISSED(
        session, action,
        "%s: the first difference is at byte %zu\n  expected %zu: %s\n  got      %zu: %s", name,
        offset + same, wanted->length,
        report_bytes(wanted->bytes, wanted->length, want_text, sizeof want_text), rest,
        report_bytes(rest ? got + offset : (const uint8_t *)"", rest, got_text, sizeof got_text));
}

static bool log_has(struct session *session, const struct action *action,
                    const struct expectation *expectation)
{
    int64_t end = watch_time() + (int64_t)expectation->number * 1000000;
    char got[400];

    for (;;) {
        if (log_find(&session->log, (const char *)expectation->data.bytes, expectation->data.length,
                     true))
            return true;
        if (watch_time() >= end || watch_was_interrupted())
            break;
        nanosleep(&(struct timespec){.tv_nsec = 500 * 1000}, NULL);
    }
    log_unseen(&session->log, got, sizeof got);
    return MISSED(session, action, "expected in the log: %s\n  got: %s",
                  (const char *)expectation->data.bytes, got[0] ? got : "nothing more");
}

static bool log_lacks(struct session *session, const struct action *action,
                      const struct expectation *expectation)
{
    const char *text = expectation->data.bytes ? (const char *)expectation->data.bytes : "";
    char got[400];

    if (!log_find(&session->log, text, expectation->data.length, false))
        return true;
    log_unseen(&session->log, got, sizeof got);
    return MISSED(session, action, "not expected in the log: %s\n  got: %s",
                  text[0] ? text : "anything", got);
}

static bool bug_check(struct session *session, const struct action *action,
                      const struct expectation *expectation)
{
    struct sb_bug_check stop;
    const char *want = bug_check_name((uint32_t)expectation->number);

    if (!sb_machine_bug_check(session->machine, &stop))
        return MISSED(session, action,
                      "expected bug check %s (0x%08" PRIX64 "), but the machine runs",
                      want ? want : "", expectation->number);
    session->bug_check_expected = stop.code == expectation->number;
    if (session->bug_check_expected)
        return true;
    const char *got = bug_check_name(stop.code);
    return MISSED(session, action,
                  "expected bug check %s (0x%08" PRIX64 "), got %s (0x%08" PRIX32 ")",
                  want ? want : "", expectation->number, got ? got : "", stop.code);
}

static bool needs_result(enum expectation_kind kind)
{
    return kind <= EXPECT_OUTPUT;
}

static bool meets(struct session *session, const struct action *action,
                  const struct expectation *expectation)
{
    switch (expectation->kind) {
    case EXPECT_STATUS:
        return status(session, action, expectation);
    case EXPECT_SUCCESS:
        return success(session, action, true);
    case EXPECT_FAILURE:
        return success(session, action, false);
    case EXPECT_INFORMATION:
        return information(session, action, expectation);
    case EXPECT_BYTES:
        return bytes(session, action, expectation, "bytes", session->result.reply_length);
    case EXPECT_OUTPUT:
        return bytes(session, action, expectation, "output", session->result.output_length);
    case EXPECT_LOG:
        return log_has(session, action, expectation);
    case EXPECT_NO_LOG:
        return log_lacks(session, action, expectation);
    case EXPECT_BUG_CHECK:
        return bug_check(session, action, expectation);
    }
    return false;
}

bool expect_all(struct session *session, const struct action *action)
{
    bool all = true;

    for (const struct expectation *each = action->expectations; each; each = each->next) {
        if (needs_result(each->kind) && !session->result.what)
            return report_failure(session, action->line, EXIT_UNUSABLE,
                                  "nothing was called yet that could be expected from");
        session->expected_count++;
        if (!meets(session, action, each)) {
            session->failed_count++;
            all = false;
        }
    }
    return all || session->options->keeps_going;
}
