/* Drivers built with the compiler's sanitizers (host/sanitizer). See rules.h. */
RULE(RULE_ADDRESS_SANITIZER, "address-sanitizer", SB_VERIFY_POOL, 0x1F2, 0,
     "Memory was accessed that is not the driver's to use there",
     "A driver built with /fsanitize=kernel-address stops Windows with KASAN_ILLEGAL_ACCESS; "
     "without it whatever lies there is read or destroyed.",
     BUG_CHECK_DOCUMENT "0x1f2--kasan-illegal-access")
RULE(RULE_UNDEFINED_BEHAVIOUR, "undefined-behaviour", SB_VERIFY_POOL, 0, 0,
     "The C standard does not say what this code does",
     "Whatever the compiler made of it, which the next version or another optimisation may change.",
     "https://clang.llvm.org/docs/UndefinedBehaviorSanitizer.html")
