/* The findings as text for people, as SARIF for code scanning pages, as JUnit for CI. */
#ifndef SYSBUF_CLI_CHECK_REPORT_H
#define SYSBUF_CLI_CHECK_REPORT_H

#include "cli/check/budget.h"
#include "cli/check/findings.h"

/* What was done, for the last lines of a report. */
struct check_summary {
    const char *driver;
    unsigned devices, entrances, calls, machines, sites;
    uint64_t schedules;
    const struct budget *budget;
};

void report_findings(const struct findings *findings, const struct check_summary *summary);
/* Writes a report by its name's end. False: said why. */
bool report_write(const char *path, const struct findings *findings,
                  const struct check_summary *summary);

/* ---- between the report's files ---- */
bool report_sarif(const char *path, const struct findings *findings,
                  const struct check_summary *summary);
bool report_junit(const char *path, const struct findings *findings,
                  const struct check_summary *summary);

#endif
