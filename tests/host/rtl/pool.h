/* What a test may ask of its pool, and make it do. */
#ifndef TESTS_HOST_RTL_POOL_H
#define TESTS_HOST_RTL_POOL_H

extern int pool_blocks; /* allocated and not yet freed */
extern int pool_fails;  /* nonzero: every allocation fails */

#endif
