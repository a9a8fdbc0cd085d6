/*
 * A driver that is wrong in every way that exploits are taught with, a control code a way. Each
 * mistake is inside a handler that swallows exceptions (where the compiler has __try), as authors
 * write who think that this makes a driver safe. The line that check must report says
 *
 *     MISTAKE: rule-identifier
 *
 * with more identifiers behind it, separated by |, where compilers lay the stack out differently,
 * or by &, where each of them must be found. A rule whose findings are all in one place, told apart
 * by what led there, says how many they are: REPLIES: reply-unwritten 2, kernel-address-disclosed 1
 */
#ifndef VULNERABLE_H
#define VULNERABLE_H

#include <ntifs.h>

#define NOINLINE __attribute__((noinline))
#define TAG      0x566C756Eu
#define MAGIC    0xBAD0B0B0u

#ifdef __clang__
#define TRY   __try
#define CATCH __except (EXCEPTION_EXECUTE_HANDLER)
#else
#define TRY   if (1)
#define CATCH else
#endif

/* What a request brings: METHOD_NEITHER's addresses, or the system buffer. */
struct request {
    void *input, *output;
    ULONG input_length, output_length;
    ULONG_PTR information;
};

typedef NTSTATUS handler(struct request *request);

/* Keeps memory's content from being computed away. */
static inline void use(void *memory)
{
    __asm__ volatile("" : : "r"(memory) : "memory");
}

#endif
