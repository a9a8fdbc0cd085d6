/* Objects, handles, what is left at unload. See rules.h. */
RULE(RULE_DEVICE_LEFT, "device-left-at-unload", SB_VERIFY_UNLOAD, 0, 0,
     "The driver left a device object when it was unloaded",
     "The driver object stays, so the driver cannot be loaded again before a restart.",
     VERIFIER_DOCUMENTS "kernel/writing-an-unload-routine")
