/* SARIF 2.1.0 (OASIS): one run, one result a finding, the driver's stack as its code flow. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "cli/check/report.h"
#include "cli/command.h"

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

static cJSON *message(const char *text)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "text", text);
    return object;
}

/* The index of the finding's rule in the list of rules, which is made on the way. */
static int rule_index(cJSON *rules, const struct sb_rule *rule)
{
    int count = cJSON_GetArraySize(rules);

    for (int i = 0; i < count; i++)
        if (strcmp(cJSON_GetObjectItem(cJSON_GetArrayItem(rules, i), "id")->valuestring,
                   rule->identifier) == 0)
            return i;
    cJSON *made = cJSON_CreateObject();
    cJSON_AddStringToObject(made, "id", rule->identifier);
    cJSON_AddItemToObject(made, "shortDescription", message(rule->title));
    cJSON_AddItemToObject(made, "fullDescription", message(rule->windows));
    if (rule->document[0])
        cJSON_AddStringToObject(made, "helpUri", rule->document);
    cJSON_AddItemToArray(rules, made);
    return count;
}

/* A source file where debug information names one, else the driver's own file. */
static cJSON *location(const struct sb_finding *finding, const char *driver)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *physical = cJSON_AddObjectToObject(object, "physicalLocation");
    cJSON *artifact = cJSON_AddObjectToObject(physical, "artifactLocation");
    char place[256];

    cJSON_AddStringToObject(artifact, "uri",
                            finding->source_file[0] ? finding->source_file : driver);
    if (finding->source_file[0] && finding->line > 0)
        cJSON_AddNumberToObject(cJSON_AddObjectToObject(physical, "region"), "startLine",
                                finding->line);
    if (finding->module[0]) {
        cJSON *logical = cJSON_CreateObject();
        snprintf(place, sizeof place, "%s+0x%" PRIx64, finding->module, finding->offset);
        cJSON_AddStringToObject(logical, "name", finding->function[0] ? finding->function : place);
        cJSON_AddStringToObject(logical, "fullyQualifiedName", place);
        cJSON_AddStringToObject(logical, "kind", "function");
        cJSON_AddItemToArray(cJSON_AddArrayToObject(object, "logicalLocations"), logical);
    }
    return object;
}

static void add_stack(cJSON *result, const char *stack)
{
    cJSON *frames = cJSON_CreateArray();

    while (*stack) {
        size_t length = strcspn(stack, "\n");
        char text[512];
        snprintf(text, sizeof text, "%.*s", (int)length, stack + strspn(stack, " "));
        text[strcspn(text, "\n")] = 0;
        cJSON *frame = cJSON_CreateObject();
        cJSON_AddItemToObject(cJSON_AddObjectToObject(frame, "location"), "message", message(text));
        cJSON_AddItemToArray(frames, frame);
        stack += length + (stack[length] == '\n');
    }
    cJSON *call_stack = cJSON_CreateObject();
    cJSON_AddItemToObject(call_stack, "frames", frames);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(result, "stacks"), call_stack);
}

static void add_result(cJSON *results, cJSON *rules, const struct found *found, const char *driver)
{
    const struct sb_finding *finding = &found->finding;
    cJSON *result = cJSON_CreateObject();
    cJSON *properties;
    char key[160], code[16];

    cJSON_AddStringToObject(result, "ruleId", finding->rule.identifier);
    cJSON_AddNumberToObject(result, "ruleIndex", rule_index(rules, &finding->rule));
    cJSON_AddStringToObject(result, "level", "error");
    cJSON_AddItemToObject(result, "message", message(finding->message));
    cJSON_AddItemToArray(cJSON_AddArrayToObject(result, "locations"), location(finding, driver));
    if (found->stack[0])
        add_stack(result, found->stack);
    snprintf(key, sizeof key, "%s:%s+0x%" PRIx64, finding->rule.identifier, finding->module,
             finding->offset);
    cJSON_AddStringToObject(cJSON_AddObjectToObject(result, "partialFingerprints"), "rulePlace/v1",
                            key);
    properties = cJSON_AddObjectToObject(result, "properties");
    snprintf(code, sizeof code, "0x%X", finding->rule.bug_check);
    if (finding->rule.bug_check)
        cJSON_AddStringToObject(properties, "bugCheck", code);
    cJSON_AddStringToObject(properties, "script", found->script);
    if (found->reproducer)
        cJSON_AddStringToObject(properties, "reproducer", found->reproducer);
    cJSON_AddItemToArray(results, result);
}

static cJSON *document(const struct findings *findings, const char *driver)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *run = cJSON_CreateObject();
    cJSON *tool, *rules;

    cJSON_AddStringToObject(root, "$schema", SCHEMA);
    cJSON_AddStringToObject(root, "version", "2.1.0");
    cJSON_AddItemToArray(cJSON_AddArrayToObject(root, "runs"), run);
    tool = cJSON_AddObjectToObject(cJSON_AddObjectToObject(run, "tool"), "driver");
    cJSON_AddStringToObject(tool, "name", "sysbuf check");
    cJSON_AddStringToObject(tool, "version", SYSBUF_VERSION);
    rules = cJSON_AddArrayToObject(tool, "rules");
    cJSON_AddStringToObject(run, "columnKind", "utf16CodeUnits");
    cJSON *results = cJSON_AddArrayToObject(run, "results");
    for (const struct found *each = findings->first; each; each = each->next)
        add_result(results, rules, each, driver);
    return root;
}

bool report_sarif(const char *path, const struct findings *findings,
                  const struct check_summary *summary)
{
    cJSON *root = document(findings, summary->driver);
    char *text = cJSON_Print(root);
    FILE *file = fopen(path, "we");
    bool fine = text && file && fprintf(file, "%s\n", text) > 0;

    if (file && fclose(file) != 0)
        fine = false;
    if (!fine)
        command_fail("%s cannot be written: %s", path, strerror(errno));
    cJSON_free(text);
    cJSON_Delete(root);
    return fine;
}
