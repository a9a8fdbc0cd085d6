/*
 * What an expression raises, where the compiler has __try (clang): CHECK_RAISES(status,
 * expression). With gcc nothing is checked. The expression stands in a function of its own, as
 * clang's scope tables need a call inside the guarded block.
 */
#ifndef TESTS_DRIVERS_RAISES_H
#define TESTS_DRIVERS_RAISES_H

#ifdef __clang__
#define RAISES_JOIN(a, b) a##b
#define RAISES_NAME(line) RAISES_JOIN(raised_at_, line)
typedef void raising_function(void *context);

static __attribute__((noinline, unused)) NTSTATUS status_raised(raising_function *function,
                                                                void *context)
{
    NTSTATUS status = STATUS_SUCCESS;
    __try {
        function(context);
    } __except (status = GetExceptionCode(), EXCEPTION_EXECUTE_HANDLER) {
    }
    return status;
}
#define CHECK_RAISES(expected, function, context) \
    CHECK_STATUS(expected, status_raised(function, context))
#else
#define CHECK_RAISES(expected, function, context) ((void)(function), (void)(context))
#endif

#endif
