/* MDLs, user memory, replies. See rules.h. */
RULE(RULE_REPLY_TOO_LONG, "reply-too-long", SB_VERIFY_REPLY, 0, 0,
     "The request was completed with Information above the caller's output length",
     "The I/O manager copies as many bytes as Information says: kernel memory behind the system "
     "buffer reaches the caller, and the caller's memory behind its buffer is overwritten.",
     VERIFIER_DOCUMENTS "kernel/failure-to-check-the-size-of-buffers")
