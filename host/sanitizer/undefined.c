/* What instrumented code calls when it met something that the C standard leaves undefined. The
 * driver goes on with what its compiler made of it. */
#include "host/sanitizer/sanitizer.h"

#include <sysbuf/host.h>

#include "host/ke/text.h"
#include "host/verifier/report.h"
#include "host/verifier/state.h"

/* ---- the compiler's descriptions ---- */
struct type {
    uint16_t kind, info;
    char name[]; /* "'int'" */
};
enum { TYPE_INTEGER };

struct plain_data {
    struct sanitizer_source source;
};
struct typed_data {
    struct sanitizer_source source;
    const struct type *type;
};
struct shift_data {
    struct sanitizer_source source;
    const struct type *left, *right;
};
struct mismatch_data {
    struct sanitizer_source source;
    const struct type *type;
    uint8_t log_alignment, kind;
};
struct argument_data {
    struct sanitizer_source source, attribute;
    int32_t index;
};
struct assumption_data {
    struct sanitizer_source source, assumption;
    const struct type *type;
};

/* ---- values in words ---- */
struct value_text {
    char text[32];
};

static unsigned bits_of(const struct type *type)
{
    return 1u << (type->info >> 1);
}

static BOOLEAN is_signed(const struct type *type)
{
    return type->info & 1;
}

/* An operand is in the argument itself, or wider ones behind it. */
static int64_t signed_value(const struct type *type, uint64_t operand)
{
    unsigned unused = bits_of(type) < 64 ? 64 - bits_of(type) : 0;
    return (int64_t)(operand << unused) >> unused;
}

static struct value_text value(const struct type *type, uint64_t operand)
{
    struct value_text result = {"a value"};
    if (type->kind == TYPE_INTEGER && bits_of(type) <= 64)
        text_format(result.text, sizeof(result.text), is_signed(type) ? "%I64d" : "%I64u",
                    signed_value(type, operand));
    return result;
}

/* ---- reports ---- */
/* Where several things are undefined in a line only the first is told of. The compiler's names of a
 * file are one string in an image. */
static BOOLEAN is_new_line(const struct sanitizer_source *source)
{
    struct verifier_state *state = verifier_state();
    BOOLEAN is_new = state->undefined_file != source->file || state->undefined_line != source->line;
    state->undefined_file = source->file;
    state->undefined_line = source->line;
    return is_new;
}

static void __attribute__((ms_abi))
report(const struct sanitizer_source *source, const void *caller, const char *format, ...)
{
    char message[VERIFIER_MESSAGE_SIZE], line[VERIFIER_MESSAGE_SIZE + 300];
    __builtin_ms_va_list arguments;
    __builtin_ms_va_start(arguments, format);
    text_format_list(message, sizeof(message), format, arguments);
    __builtin_ms_va_end(arguments);
    if (current_machine()->verifier && verifier_checks(SB_VERIFY_POOL)) {
        if (is_new_line(source))
            verifier_report(RULE_UNDEFINED_BEHAVIOUR, caller, NULL, "%s", message);
        return;
    }
    SIZE_T length = (SIZE_T)text_format(line, sizeof(line), "%s:%d:%d: undefined behaviour: %s\n",
                                        source->file ? source->file : "?", source->line,
                                        source->column, message);
    machine_log(current_machine(), line, length);
}

#define CALLER __builtin_return_address(0)

#define OVERFLOW(routine, sign)                                                                \
    void NTAPI ubsan_##routine(const struct typed_data *data, uint64_t left, uint64_t right);  \
    void NTAPI ubsan_##routine(const struct typed_data *data, uint64_t left, uint64_t right)   \
    {                                                                                          \
        report(&data->source, CALLER, "%s " sign " %s does not fit into %s",                   \
               value(data->type, left).text, value(data->type, right).text, data->type->name); \
    }                                                                                          \
    UBSAN_EXPORT(routine)
OVERFLOW(add_overflow, "+")
OVERFLOW(sub_overflow, "-")
OVERFLOW(mul_overflow, "*")

void NTAPI ubsan_negate_overflow(const struct typed_data *data, uint64_t operand);
void NTAPI ubsan_negate_overflow(const struct typed_data *data, uint64_t operand)
{
    report(&data->source, CALLER, "the negative of %s does not fit into %s",
           value(data->type, operand).text, data->type->name);
}
UBSAN_EXPORT(negate_overflow)

/* A division by zero goes on to the processor's exception. */
void NTAPI ubsan_divrem_overflow(const struct typed_data *data, uint64_t left, uint64_t right);
void NTAPI ubsan_divrem_overflow(const struct typed_data *data, uint64_t left, uint64_t right)
{
    report(&data->source, CALLER, "%s is divided by %s", value(data->type, left).text,
           value(data->type, right).text);
}
UBSAN_EXPORT(divrem_overflow)

void NTAPI ubsan_shift_out_of_bounds(const struct shift_data *data, uint64_t left, uint64_t right);
void NTAPI ubsan_shift_out_of_bounds(const struct shift_data *data, uint64_t left, uint64_t right)
{
    report(&data->source, CALLER, "%s (%s) is shifted by %s", value(data->left, left).text,
           data->left->name, value(data->right, right).text);
}
UBSAN_EXPORT(shift_out_of_bounds)

void NTAPI ubsan_out_of_bounds(const struct shift_data *data, uint64_t index);
void NTAPI ubsan_out_of_bounds(const struct shift_data *data, uint64_t index)
{
    report(&data->source, CALLER, "index %s is outside of %s", value(data->right, index).text,
           data->left->name);
}
UBSAN_EXPORT(out_of_bounds)

void NTAPI ubsan_vla_bound_not_positive(const struct typed_data *data, uint64_t bound);
void NTAPI ubsan_vla_bound_not_positive(const struct typed_data *data, uint64_t bound)
{
    report(&data->source, CALLER, "an array has %s elements", value(data->type, bound).text);
}
UBSAN_EXPORT(vla_bound_not_positive)

void NTAPI ubsan_load_invalid_value(const struct typed_data *data, uint64_t operand);
void NTAPI ubsan_load_invalid_value(const struct typed_data *data, uint64_t operand)
{
    report(&data->source, CALLER, "%s is no value of %s", value(data->type, operand).text,
           data->type->name);
}
UBSAN_EXPORT(load_invalid_value)

void NTAPI ubsan_float_cast_overflow(const struct shift_data *data, uint64_t operand);
void NTAPI ubsan_float_cast_overflow(const struct shift_data *data, uint64_t operand)
{
    report(&data->source, CALLER, "a value of %s does not fit into %s", data->left->name,
           data->right->name);
}
UBSAN_EXPORT(float_cast_overflow)

/* ---- pointers ---- */
/* What is done with the pointer: enum of the compiler. */
static const char *use_of(uint8_t kind)
{
    static const char *const uses[] = {"a load",          "a store",         "a reference",
                                       "a member access", "a member call",   "a constructor call",
                                       "a downcast",      "a downcast",      "an upcast",
                                       "a virtual base",  "a nonnull value", "a dynamic operation"};
    return kind < RTL_NUMBER_OF(uses) ? uses[kind] : "a use";
}

void NTAPI ubsan_type_mismatch_v1(const struct mismatch_data *data, uint64_t pointer);
void NTAPI ubsan_type_mismatch_v1(const struct mismatch_data *data, uint64_t pointer)
{
    uint64_t alignment = 1ull << data->log_alignment;
    if (pointer == 0 && current_machine()->verifier)
        verifier_state()->null_told = (uint64_t)CALLER;
    if (pointer == 0)
        report(&data->source, CALLER, "%s by a null pointer to %s", use_of(data->kind),
               data->type->name);
    else if (pointer & (alignment - 1))
        report(&data->source, CALLER, "%s by a pointer to %s that is not aligned to %I64u bytes",
               use_of(data->kind), data->type->name, alignment);
    else
        report(&data->source, CALLER, "%s by a pointer to too small an object for %s",
               use_of(data->kind), data->type->name);
}
UBSAN_EXPORT(type_mismatch_v1)

void NTAPI ubsan_pointer_overflow(const struct plain_data *data, uint64_t base, uint64_t result);
void NTAPI ubsan_pointer_overflow(const struct plain_data *data, uint64_t base, uint64_t result)
{
    if (base == 0 && result == 0)
        report(&data->source, CALLER, "an offset of 0 is added to a null pointer");
    else if (base == 0)
        report(&data->source, CALLER, "an offset is added to a null pointer");
    else
        report(&data->source, CALLER, "a pointer plus an offset %s",
               result == 0 ? "is null" : "wraps around");
}
UBSAN_EXPORT(pointer_overflow)

void NTAPI ubsan_alignment_assumption(const struct assumption_data *data, uint64_t pointer,
                                      uint64_t alignment, uint64_t offset);
void NTAPI ubsan_alignment_assumption(const struct assumption_data *data, uint64_t pointer,
                                      uint64_t alignment, uint64_t offset)
{
    report(&data->source, CALLER, "a pointer is not aligned to %I64u bytes, as was promised",
           alignment);
}
UBSAN_EXPORT(alignment_assumption)

void NTAPI ubsan_nonnull_arg(const struct argument_data *data);
void NTAPI ubsan_nonnull_arg(const struct argument_data *data)
{
    report(&data->source, CALLER, "argument %d may not be a null pointer", data->index);
}
UBSAN_EXPORT(nonnull_arg)

void NTAPI ubsan_nonnull_return_v1(const struct plain_data *data,
                                   const struct sanitizer_source *source);
void NTAPI ubsan_nonnull_return_v1(const struct plain_data *data,
                                   const struct sanitizer_source *source)
{
    report(source, CALLER, "the function may not return a null pointer");
}
UBSAN_EXPORT(nonnull_return_v1)

void NTAPI ubsan_invalid_builtin(const struct plain_data *data);
void NTAPI ubsan_invalid_builtin(const struct plain_data *data)
{
    report(&data->source, CALLER, "the bits of 0 are counted by a builtin that may not be given 0");
}
UBSAN_EXPORT(invalid_builtin)

/* ---- where no way goes on ---- */
void NTAPI ubsan_builtin_unreachable(const struct plain_data *data);
void NTAPI ubsan_builtin_unreachable(const struct plain_data *data)
{
    report(&data->source, CALLER, "code runs that was said to be unreachable");
    KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_ILLEGAL_INSTRUCTION, (ULONG_PTR)CALLER,
                 0, 0);
}
UBSAN_EXPORT(builtin_unreachable)
