/* JUnit's XML: each finding a failed test case; a driver without findings is one that passed. */
#include <errno.h>
#include <string.h>

#include <libxml/xmlwriter.h>

#include "cli/check/report.h"
#include "cli/command.h"

#define TEXT(text) ((const xmlChar *)(text))

static bool write_failure(xmlTextWriter *writer, const struct found *found)
{
    const struct sb_finding *finding = &found->finding;

    return xmlTextWriterStartElement(writer, TEXT("failure")) >= 0 &&
           xmlTextWriterWriteAttribute(writer, TEXT("type"), TEXT(finding->rule.identifier)) >= 0 &&
           xmlTextWriterWriteAttribute(writer, TEXT("message"), TEXT(finding->message)) >= 0 &&
           xmlTextWriterWriteFormatString(writer, "%s\n%s\nby:\n%s%s\n", finding->rule.title,
                                          found->stack[0]      ? found->stack
                                          : found->description ? found->description
                                                               : "",
                                          found->script, finding->rule.document) >= 0 &&
           xmlTextWriterEndElement(writer) >= 0;
}

/* found NULL: the case that passed. */
static bool write_case(xmlTextWriter *writer, const struct found *found, const char *driver)
{
    const struct sb_finding *finding = found ? &found->finding : NULL;

    if (xmlTextWriterStartElement(writer, TEXT("testcase")) < 0 ||
        xmlTextWriterWriteAttribute(writer, TEXT("classname"), TEXT(driver)) < 0)
        return false;
    if (!found)
        return xmlTextWriterWriteAttribute(writer, TEXT("name"), TEXT("all rules")) >= 0 &&
               xmlTextWriterEndElement(writer) >= 0;
    return xmlTextWriterWriteFormatAttribute(writer, TEXT("name"), "%s at %s+0x%llx",
                                             finding->rule.identifier,
                                             finding->module[0] ? finding->module : "no module",
                                             (unsigned long long)finding->offset) >= 0 &&
           write_failure(writer, found) && xmlTextWriterEndElement(writer) >= 0;
}

static bool write_suite(xmlTextWriter *writer, const struct findings *findings, const char *driver)
{
    bool fine =
        xmlTextWriterStartElement(writer, TEXT("testsuite")) >= 0 &&
        xmlTextWriterWriteAttribute(writer, TEXT("name"), TEXT("sysbuf check")) >= 0 &&
        xmlTextWriterWriteFormatAttribute(writer, TEXT("tests"), "%u",
                                          findings->count ? findings->count : 1) >= 0 &&
        xmlTextWriterWriteFormatAttribute(writer, TEXT("failures"), "%u", findings->count) >= 0;

    if (fine && !findings->first)
        fine = write_case(writer, NULL, driver);
    for (const struct found *each = findings->first; fine && each; each = each->next)
        fine = write_case(writer, each, driver);
    return fine && xmlTextWriterEndElement(writer) >= 0;
}

bool report_junit(const char *path, const struct findings *findings,
                  const struct check_summary *summary)
{
    xmlTextWriter *writer = xmlNewTextWriterFilename(path, 0);
    bool fine = writer && xmlTextWriterSetIndent(writer, 1) >= 0 &&
                xmlTextWriterStartDocument(writer, NULL, "UTF-8", NULL) >= 0 &&
                xmlTextWriterStartElement(writer, TEXT("testsuites")) >= 0 &&
                write_suite(writer, findings, summary->driver) &&
                xmlTextWriterEndElement(writer) >= 0 && xmlTextWriterEndDocument(writer) >= 0;

    xmlFreeTextWriter(writer);
    if (!fine)
        command_fail("%s cannot be written: %s", path, strerror(errno));
    return fine;
}

bool report_write(const char *path, const struct findings *findings,
                  const struct check_summary *summary)
{
    size_t length = strlen(path);

    return length > 4 && strcmp(path + length - 4, ".xml") == 0
               ? report_junit(path, findings, summary)
               : report_sarif(path, findings, summary);
}
