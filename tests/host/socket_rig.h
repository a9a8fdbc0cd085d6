/*
 * For the tests of the socket channel, after cmocka.h: a driver with a socket on a machine of its
 * own.
 */
#ifndef SOCKET_RIG_H
#define SOCKET_RIG_H

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysbuf/client.h>
#include <sysbuf/host.h>
#include <time.h>
#include <unistd.h>

#define SECRET        "a secret of 24 bytes, ok"
#define SECRET_LENGTH 24

static inline uint64_t milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static inline struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A port that nobody listens on. */
static inline uint16_t free_port(void)
{
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof(address);
    int probe = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(0, bind(probe, (struct sockaddr *)&address, length));
    assert_int_equal(0, getsockname(probe, (struct sockaddr *)&address, &length));
    close(probe);
    return ntohs(address.sin_port);
}

/* ---- the driver ---- */
struct rig {
    struct sb_machine *machine;
    struct sb_process *process;
    struct sb_driver *driver;
    char key[96];
    uint16_t port;
    char address[32]; /* for sb_open_socket() */
    size_t log_length;
    char log[8192];
    uint64_t blocks; /* of pool before the driver came */
};

static inline void rig_log(void *context, const char *line, size_t length)
{
    struct rig *rig = context;

    if (rig->log_length + length < sizeof(rig->log)) {
        memcpy(rig->log + rig->log_length, line, length);
        rig->log_length += length;
    }
}

static inline void set_value(struct rig *rig, const char *name, uint32_t type, const void *data,
                             uint32_t size)
{
    assert_int_equal(0, sb_process_write_registry(rig->process, rig->key, name, type, data, size));
}

static inline void set_number(struct rig *rig, const char *name, uint32_t number)
{
    set_value(rig, name, 4, &number, sizeof(number));
}

static inline void set_text(struct rig *rig, const char *name, const char *text)
{
    uint16_t wide[128];
    uint32_t length = 0;

    do
        wide[length] = (unsigned char)text[length];
    while (text[length++] != '\0');
    set_value(rig, name, 1, wide, length * 2);
}

/* A machine whose registry asks for a socket of the service at a free port. */
static inline void rig_make_for(struct rig *rig, const char *service)
{
    const struct sb_machine_options options = {.processors = 4, .log = rig_log, .log_context = rig};
    uint64_t bytes;

    memset(rig, 0, sizeof(*rig));
    sb_host_claim_faults();
    assert_int_equal(0, sb_machine_create(&options, &rig->machine));
    assert_int_equal(0, sb_process_create(rig->machine, NULL, &rig->process));
    snprintf(rig->key, sizeof(rig->key),
             "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\%s\\Parameters", service);
    rig->port = free_port();
    snprintf(rig->address, sizeof(rig->address), "tcp://127.0.0.1:%u", rig->port);
    set_number(rig, "SocketPort", rig->port);
    set_value(rig, "SocketSecret", 3, SECRET, SECRET_LENGTH);
    sb_machine_pool_usage(rig->machine, &rig->blocks, &bytes);
}

static inline void rig_start_image(struct rig *rig, const char *path)
{
    char error[512] = "";
    sb_status status =
        sb_machine_load_driver_file(rig->machine, path, &rig->driver, error, sizeof(error));

    if (status != 0)
        print_message("%s%s\n", rig->log, error);
    assert_int_equal(0, status);
}

static inline void show_findings(struct sb_machine *machine)
{
    struct sb_finding finding;

    for (uint32_t i = 0; sb_machine_finding(machine, i, &finding, NULL, 0); i++)
        print_message("%s: %s in %s\n", finding.rule.identifier, finding.message, finding.function);
}

/* Unloads, within a limit of milliseconds whatever is connected, and leaves nothing behind. The
   limit is far below the idle timeout; busy machines need some of it. */
static inline void rig_stop(struct rig *rig, uint64_t limit)
{
    uint64_t begin = milliseconds();
    uint64_t blocks, bytes;

    assert_int_equal(0, sb_machine_unload_driver(rig->machine, rig->driver));
    show_findings(rig->machine);
    assert_int_equal(0, sb_machine_finding_count(rig->machine));
    assert_in_range(milliseconds() - begin, 0, limit);
    sb_machine_pool_usage(rig->machine, &blocks, &bytes);
    /* The machine's own threads may have come to have blocks. */
    assert_in_range(blocks, 0, rig->blocks + 24);
}

static inline void rig_drop(struct rig *rig)
{
    sb_process_destroy(rig->process);
    sb_machine_destroy(rig->machine);
}

/* After a test whose state is a rig. */
static inline int rig_tear_down(void **state)
{
    sb_host_claim_faults();
    rig_stop(*state, 10000);
    rig_drop(*state);
    return 0;
}

static inline struct sb_client *open_client(struct rig *rig)
{
    struct sb_client *client = NULL;

    assert_int_equal(SB_OK, sb_open_socket(rig->address, SECRET, SECRET_LENGTH, 5000, &client));
    return client;
}

/* cmocka takes the fault signals before each test, after its setup: name_claimed() takes them back.
 */
#define CLAIMED(name)                        \
    static void name##_claimed(void **state) \
    {                                        \
        sb_host_claim_faults();              \
        name(state);                         \
    }

#endif
