/* C runtime: sorting, searching. The heap sort needs no memory and no recursion. */
#include "host/crt/crt.h"

typedef CRT_API int (*compare_t)(const void *, const void *);
typedef CRT_API int (*compare_s_t)(void *, const void *, const void *);

/* An array and how its elements are compared: with a context, or without. */
struct array {
    char *base;
    size_t width;
    compare_t compare;
    compare_s_t compare_s;
    void *context;
};

static int compare(const struct array *array, const void *first, const void *second)
{
    return array->compare ? array->compare(first, second)
                          : array->compare_s(array->context, first, second);
}

static void *element(const struct array *array, size_t index)
{
    return array->base + index * array->width;
}

static void swap(const struct array *array, size_t first, size_t second)
{
    char *left = element(array, first), *right = element(array, second);

    for (size_t i = 0; i < array->width; i++) {
        char byte = left[i];
        left[i] = right[i];
        right[i] = byte;
    }
}

/* Lets the element at `root` sink to its place in a heap of `count`. */
static void sink(const struct array *array, size_t root, size_t count)
{
    while (root < count / 2) {
        size_t child = 2 * root + 1;

        if (child + 1 < count &&
            compare(array, element(array, child), element(array, child + 1)) < 0)
            child++;
        if (compare(array, element(array, root), element(array, child)) >= 0)
            return;
        swap(array, root, child);
        root = child;
    }
}

static void sort(const struct array *array, size_t count)
{
    for (size_t root = count / 2; root > 0; root--)
        sink(array, root - 1, count);
    while (count > 1) {
        swap(array, 0, --count);
        sink(array, 0, count);
    }
}

static void *find(const struct array *array, const void *key, size_t count)
{
    size_t low = 0;

    while (low < count) {
        size_t middle = low + (count - low) / 2;
        int order = compare(array, key, element(array, middle));

        if (order == 0)
            return element(array, middle);
        if (order < 0)
            count = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

CRT_API void nt_qsort(void *base, size_t count, size_t width, compare_t compare)
{
    const struct array array = {base, width, compare, NULL, NULL};

    sort(&array, count);
}
SB_EXPORT_AS("qsort", nt_qsort)

CRT_API void qsort_s(void *base, size_t count, size_t width, compare_s_t compare, void *context)
{
    const struct array array = {base, width, NULL, compare, context};

    if ((base || count == 0) && width != 0 && compare)
        sort(&array, count);
}
SB_EXPORT(qsort_s)

CRT_API void *nt_bsearch(const void *key, const void *base, size_t count, size_t width,
                         compare_t compare)
{
    const struct array array = {(char *)base, width, compare, NULL, NULL};

    return find(&array, key, count);
}
SB_EXPORT_AS("bsearch", nt_bsearch)

CRT_API void *bsearch_s(const void *key, const void *base, size_t count, size_t width,
                        compare_s_t compare, void *context)
{
    const struct array array = {(char *)base, width, NULL, compare, context};

    if ((!base && count != 0) || width == 0 || !compare)
        return NULL;
    return find(&array, key, count);
}
SB_EXPORT(bsearch_s)
