/* The lock that its owner takes by plain stores: it excludes, whoever comes and how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "host/linux/own_lock.h"

enum {
    OTHERS = 2,
    OTHER_TURNS = 80,
    ALONE = 1200, /* turns of the owner after which it takes the lock for its own again */
};

struct shared {
    struct linux_own_lock lock;
    volatile uint64_t count; /* not atomic: only the lock keeps it right */
    uint64_t owner_turns;    /* atomic */
    uint32_t finished;       /* others; atomic */
};

/* What is read first and written last is lost where two are inside. */
static void add(struct shared *shared, bool is_owner)
{
    linux_own_lock(&shared->lock, is_owner);
    uint64_t count = shared->count;
    for (volatile int pause = 0; pause < 5; pause++)
        continue;
    shared->count = count + 1;
    linux_own_unlock(&shared->lock, is_owner);
}

/* Comes by whenever the owner has been alone for long enough. */
static void *come_by(void *context)
{
    struct shared *shared = context;

    for (int turn = 0; turn < OTHER_TURNS; turn++) {
        uint64_t until = __atomic_load_n(&shared->owner_turns, __ATOMIC_RELAXED) + ALONE;
        while (__atomic_load_n(&shared->owner_turns, __ATOMIC_RELAXED) < until)
            __builtin_ia32_pause();
        add(shared, false);
    }
    __atomic_add_fetch(&shared->finished, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void others_and_the_owner_exclude_each_other(void **state)
{
    struct shared shared = {.count = 0};
    pthread_t threads[OTHERS];
    uint64_t turns = 0;

    (void)state;
    linux_own_lock_initialize(&shared.lock);
    for (int i = 0; i < OTHERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_by, &shared), 0);
    while (__atomic_load_n(&shared.finished, __ATOMIC_ACQUIRE) < OTHERS) {
        add(&shared, true);
        __atomic_store_n(&shared.owner_turns, ++turns, __ATOMIC_RELAXED);
    }
    for (int i = 0; i < OTHERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(shared.count, turns + OTHERS * OTHER_TURNS);
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
