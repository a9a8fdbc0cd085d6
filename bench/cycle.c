/*
 * Install, start, open, ask, close, stop and remove MyDevice, through the client library: on the
 * host, on Windows or under Wine. cycle MYDEVICE.sys TIMES
 *
 * Prints what one such life takes. In each the driver must tell its contract's version.
 */
#define _POSIX_C_SOURCE 200809L

#include <mydevice/contract.h>
#include <sysbuf/client.h>

#include <stdio.h>
#include <stdlib.h>
#ifdef _WIN32
#include <windows.h>
#else
#include <time.h>
#endif

#define SERVICE "SbBenchCycle"

static double now(void)
{
#ifdef _WIN32
    LARGE_INTEGER frequency, count;

    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&count);
    return (double)count.QuadPart * 1e3 / (double)frequency.QuadPart;
#else
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
#endif
}

static void must(const char *what, enum sb_error error)
{
    if (error == SB_OK)
        return;
    fprintf(stderr, "cycle: %s: %s (0x%08x)\n", what, sb_error_text(error),
            (unsigned)sb_system_error());
    sb_service_uninstall(SERVICE);
    exit(1);
}

static void ask(void)
{
    struct sb_client *client = NULL;
    uint32_t version = 0;

    must("open", sb_open(MYDEVICE_PATH, &client));
    must("version", sb_query_contract(client, &version));
    must("version", version == MYDEVICE_CONTRACT_VERSION ? SB_OK : SB_ERROR_SYSTEM);
    sb_close(client);
}

static void live(const char *file)
{
    must("install", sb_service_install(SERVICE, file));
    must("start", sb_service_start(SERVICE));
    ask();
    must("stop", sb_service_stop(SERVICE));
    must("uninstall", sb_service_uninstall(SERVICE));
}

int main(int argc, char **argv)
{
    long times = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    double start;

    if (times <= 0) {
        fprintf(stderr, "usage: cycle MYDEVICE.sys TIMES\n");
        return 2;
    }
    live(argv[1]); /* the first one loads what later ones find */
    start = now();
    for (long i = 0; i < times; i++)
        live(argv[1]);
    printf("cycle %.6g ms\n", (now() - start) / (double)times);
    return 0;
}
