/*
 * Reading an image's code with capstone; see include/sysbuf/code.h. Known to host/code
 * alone. An image is untrusted: every address is looked up in the map before it is followed.
 */
#ifndef SYSBUF_HOST_CODE_H
#define SYSBUF_HOST_CODE_H

#include <capstone/capstone.h>

#include <sysbuf/code.h>

/* What is known of a byte of the image. */
enum {
    CODE_EXECUTABLE = 1,
    CODE_START = 2, /* an instruction begins */
    CODE_BODY = 4,  /* inside of one */
    CODE_BLOCK = 8, /* a block begins, once it is CODE_START too */
};

/* General registers by number, of whatever width; others are CODE_OTHER. */
enum {
    CODE_RAX,
    CODE_RCX,
    CODE_RDX,
    CODE_RBX,
    CODE_RSP,
    CODE_RBP,
    CODE_OTHER = 16,
    CODE_RIP,
    CODE_NO_REG
};

struct code_operand {
    enum { CODE_NONE, CODE_REGISTER, CODE_IMMEDIATE, CODE_MEMORY } kind;
    uint8_t size; /* bytes */
    uint8_t reg;  /* CODE_REGISTER */
    uint8_t base, index, scale;
    int64_t value; /* CODE_IMMEDIATE, or the displacement; of a branch, the target's address */
};

struct code_step {
    uint32_t address, length;
    unsigned id; /* X86_INS_... */
    struct code_operand operands[2];
    enum {
        CODE_GOES_ON,
        CODE_BRANCHES, /* or goes on */
        CODE_JUMPS,
        CODE_CALLS,
        CODE_ENDS, /* returns, or stops */
    } flow;
};

struct code_list {
    uint32_t *items;
    size_t count, capacity;
};

/* A jump table: where each value of its index leads. */
struct code_switch {
    uint32_t jump;    /* the instruction's address */
    uint32_t outside; /* where other values lead; 0: not known */
    struct code_list targets;
};

enum { CODE_TRACE = 32 };

/* The instructions before the current one, and the addresses that registers were given by lea. */
struct code_trace {
    struct code_step steps[CODE_TRACE]; /* a ring */
    unsigned count;
    uint32_t address_of[CODE_OTHER + 1];
    bool has_address[CODE_OTHER + 1];
};

struct code_range {
    uint32_t begin, end;
};

struct code_reader {
    const struct sb_image *image;
    const uint8_t *bytes; /* size of them, as laid out for its preferred base */
    uint32_t size;
    uint64_t base;
    csh engine;
    cs_insn *instruction;
    uint8_t *map;                 /* a byte each */
    struct code_list work;        /* blocks to follow */
    struct code_list guesses;     /* addresses that may be functions */
    struct code_range *functions; /* of .pdata, ascending */
    size_t function_count;
    struct code_switch *switches;
    size_t switch_count;
    bool is_exhausted; /* of memory */
};

struct sb_code {
    struct code_list blocks, codes;
    struct sb_code_constant *constants;
    size_t constant_count, constant_capacity;
    bool is_exhausted;
};

/* list.c */
bool code_list_add(struct code_list *list, uint32_t item);
void code_list_sort(struct code_list *list); /* ascending, each once */
void code_list_free(struct code_list *list);

/* decode.c: false where there is no whole instruction. */
bool code_decode(const struct code_reader *reader, uint32_t address, struct code_step *step);
/* The address in the image that a memory operand names through rip, or false. */
bool code_rip_address(const struct code_step *step, const struct code_operand *operand,
                      uint32_t *address);
bool code_is_executable(const struct code_reader *reader, uint64_t address);
bool code_read_bytes(const struct code_reader *reader, uint64_t address, void *value, size_t size);

/* roots.c: puts what certainly is code on the list of work, and what may be on guesses. */
void code_find_roots(struct code_reader *reader);
/* The function of .pdata that contains address; NULL: none. */
const struct code_range *code_function(const struct code_reader *reader, uint32_t address);

/* walk.c: fills the map. */
void code_walk(struct code_reader *reader);
void code_add_target(struct code_reader *reader, uint64_t address);

/* switch.c: the trace ends with an indirect jump; its targets are added. */
void code_resolve_switch(struct code_reader *reader, const struct code_trace *trace);

/* constants.c, control.c: what the walked instructions say. */
void code_collect_constants(struct code_reader *reader, struct sb_code *code);
void code_collect_control_codes(struct code_reader *reader, struct sb_code *code);

#endif
