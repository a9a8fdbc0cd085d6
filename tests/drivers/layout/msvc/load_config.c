/* What Microsoft's runtime library gives a driver: the load configuration, the /GS cookie and the
 * pointers of control flow guard, here all for the loader to set. */
#include <ntddk.h>

ULONG_PTR __security_cookie = 0x2B992DDFA232;

void __security_check_cookie(ULONG_PTR cookie)
{
    if (cookie != __security_cookie) /* DRIVER_OVERRAN_STACK_BUFFER */
        KeBugCheckEx(0xF7, cookie, __security_cookie, 0, 0);
}

/* Where the loader puts code; a call through them before it did goes to address zero. */
__attribute__((section(".00cfg"))) void *const volatile __guard_check_icall_fptr = NULL;
__attribute__((section(".00cfg"))) void *const volatile __guard_dispatch_icall_fptr = NULL;

extern char __guard_fids_table[], __guard_fids_count[], __guard_flags[];
extern char __guard_iat_table[], __guard_iat_count[];

struct load_config {
    ULONG size, time_stamp;
    UCHAR unused[0x50];
    PVOID cookie, handlers, handler_count;
    PVOID guard_check, guard_dispatch, guard_functions, guard_function_count;
    ULONG guard_flags, unused_too[3];
    PVOID guard_iat, guard_iat_count;
    UCHAR rest[0x90];
};

/* 32 bits of an absolute symbol cannot be had in C: the linker's flags say "instrumented" anyhow.
 */
const struct load_config _load_config_used = {
    .size = sizeof(struct load_config),
    .cookie = &__security_cookie,
    .guard_check = (PVOID)&__guard_check_icall_fptr,
    .guard_dispatch = (PVOID)&__guard_dispatch_icall_fptr,
    .guard_functions = __guard_fids_table,
    .guard_function_count = __guard_fids_count,
    .guard_flags = 0x500,
    .guard_iat = __guard_iat_table,
    .guard_iat_count = __guard_iat_count,
};
