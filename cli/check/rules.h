/* `sysbuf check --rules`: what drivers are watched for. */
#ifndef SYSBUF_CLI_CHECK_RULES_H
#define SYSBUF_CLI_CHECK_RULES_H

/* Prints each rule of the verifier on lines of its own. Returns the command's exit code. */
int rules_show(void);

#endif
