#include "host/verifier/fill.h"

#include "host/verifier/comparison.h"
#include "host/verifier/fault_place.h"

/* Values that are no text, no small numbers, no addresses (not canonical at any turn: using one as
 * a pointer faults), and have no byte twice. Those for comparisons differ from the others in nearly
 * every bit, and in each byte in other ones: what two bytes have in common differs too. */
static const uint8_t patterns[2][VERIFIER_FILL_KINDS][4] = {
    {
        {0xB6, 0x8D, 0xF3, 0xA9},
        {0xC5, 0x9E, 0xEB, 0x93},
        {0xD2, 0x97, 0xFA, 0x8B},
    },
    {
        {0x49, 0x73, 0x0E, 0x52},
        {0x3A, 0x60, 0x16, 0x68},
        {0x2D, 0x69, 0x07, 0x70},
    },
};
static const uint8_t least_bytes[2] = {0x8B, 0x07};

enum { LITTLE = 4096, STACK_FILLED = 12 * 1024 };

/* Which of the two the machine has. */
static unsigned fill_set(void)
{
    const struct sb_comparison *comparison = current_machine()->comparison;
    return comparison ? comparison_fill(comparison) : 0;
}

static uint64_t turned_pattern(const uint8_t *pattern, unsigned turn)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < sizeof value; i++)
        value |= (uint64_t)pattern[(turn + i) % 4] << 8 * i;
    return value;
}

/* Much memory is filled for each call: the processor's own way is the fastest by far. */
void verifier_fill(void *memory, SIZE_T length, enum verifier_fill kind)
{
    if (current_machine()->verify_fill && !current_machine()->comparison) {
        __builtin_memset(memory, current_machine()->verify_fill, length);
        return;
    }
    uint64_t word = turned_pattern(patterns[fill_set()][kind], (uint64_t)memory % 4);
    SIZE_T words = length / sizeof word;
    __asm__ volatile("rep stosq" : "+D"(memory), "+c"(words) : "a"(word) : "memory");
    __builtin_memcpy(memory, &word, length % sizeof word);
}

/* How many bytes from the first on go through one pattern; 0: none. */
static SIZE_T run_length(const uint8_t *bytes, SIZE_T length, const uint8_t *pattern)
{
    SIZE_T phase = 0, run = 0;
    while (phase < 4 && pattern[phase] != bytes[0])
        phase++;
    while (phase < 4 && run < length && bytes[run] == pattern[(phase + run) % 4])
        run++;
    return run;
}

BOOLEAN verifier_find_unwritten(const uint8_t *bytes, SIZE_T length,
                                struct verifier_unwritten *found)
{
    SIZE_T wanted = length <= LITTLE ? 4 : 8;
    unsigned set = fill_set();
    for (SIZE_T i = 0; i + wanted <= length; i++) {
        if (bytes[i] < least_bytes[set])
            continue; /* in no pattern */
        for (unsigned kind = 0; kind < VERIFIER_FILL_KINDS; kind++) {
            SIZE_T run = run_length(bytes + i, length - i, patterns[set][kind]);
            if (run < wanted)
                continue;
            *found = (struct verifier_unwritten){(enum verifier_fill)kind, i, run};
            return TRUE;
        }
    }
    return FALSE;
}

static BOOLEAN is_near(uint64_t address, uint64_t value)
{
    return address - value + NULL_PAGES_END < 2 * NULL_PAGES_END;
}

BOOLEAN verifier_is_fill(uint64_t address, enum verifier_fill *kind)
{
    uint8_t byte = current_machine()->comparison ? 0 : current_machine()->verify_fill;
    unsigned set = fill_set();
    for (unsigned i = 0; i < VERIFIER_FILL_KINDS; i++)
        for (unsigned turn = 0; turn < 4; turn++)
            if (is_near(address, byte ? byte * 0x0101010101010101ull
                                      : turned_pattern(patterns[set][i], turn))) {
                *kind = byte ? VERIFIER_FILL_POOL : (enum verifier_fill)i;
                return TRUE;
            }
    return FALSE;
}

/* What it fills begins right below the caller's frame: a sanitizer puts nothing around it. */
__attribute__((noinline, no_sanitize("address"))) void verifier_fill_stack(void)
{
    uint8_t room[STACK_FILLED];
    verifier_fill(room, sizeof room, VERIFIER_FILL_STACK);
    __asm__ volatile("" : : "r"(room) : "memory");
}
