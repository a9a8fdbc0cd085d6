/* The lock that its owner takes by plain stores: it excludes, whoever comes and how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "host/linux/own_lock.h"

enum { OTHERS = 2, OTHER_TURNS = 3000, OWNER_TURNS = 3000000 };

struct shared {
    struct linux_own_lock lock;
    uint64_t count; /* not atomic: only the lock keeps it right */
};

static void add(struct shared *shared, bool is_owner)
{
    linux_own_lock(&shared->lock, is_owner);
    shared->count++;
    linux_own_unlock(&shared->lock, is_owner);
}

/* Pauses, so that the owner is alone in between and takes the lock for itself again. */
static void *come_by(void *context)
{
    for (int turn = 0; turn < OTHER_TURNS; turn++) {
        add(context, false);
        for (int pause = 0; pause < (turn % 8) * 500; pause++)
            __builtin_ia32_pause();
    }
    return NULL;
}

static void others_and_the_owner_exclude_each_other(void **state)
{
    struct shared shared = {.count = 0};
    pthread_t threads[OTHERS];

    (void)state;
    linux_own_lock_initialize(&shared.lock);
    for (int i = 0; i < OTHERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_by, &shared), 0);
    for (int turn = 0; turn < OWNER_TURNS; turn++)
        add(&shared, true);
    for (int i = 0; i < OTHERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(shared.count, OWNER_TURNS + OTHERS * OTHER_TURNS);
}

static void the_lock_is_free_after_its_owner(void **state)
{
    struct shared shared = {.count = 0};

    (void)state;
    linux_own_lock_initialize(&shared.lock);
    linux_own_lock(&shared.lock, true);
    assert_int_equal(shared.lock.owner_inside || shared.lock.lock.state, 1);
    linux_own_unlock(&shared.lock, true);
    assert_int_equal(shared.lock.owner_inside, 0);
    assert_int_equal(shared.lock.lock.state, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_and_the_owner_exclude_each_other),
        cmocka_unit_test(the_lock_is_free_after_its_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
