/*
 * TCP connections, alike on Windows and Linux, for client/socket.c. Deadlines are those of
 * thread.h.
 */
#ifndef SYSBUF_CLIENT_STREAM_H
#define SYSBUF_CLIENT_STREAM_H

#include <sysbuf/client.h>

#ifdef _WIN32
#include <winsock2.h>

#include "win32.h"

typedef SOCKET sb_stream;
#define SB_NO_STREAM INVALID_SOCKET
#else
#include "host.h"

typedef int sb_stream;
#define SB_NO_STREAM (-1)
#endif

/* Connects to an IPv4 address (in network byte order), or waits for one connection to it. NOT_FOUND
   (nobody listens; the address cannot be listened on), TIMEOUT, SYSTEM. */
enum sb_error sb_stream_connect(uint32_t address, uint16_t port, uint64_t deadline,
                                sb_stream *stream);
enum sb_error sb_stream_accept(uint32_t address, uint16_t port, uint64_t deadline,
                               sb_stream *stream);
/* All of it. TIMEOUT; CLOSED: the connection has ended. *sent is how much went, also on failure. */
enum sb_error sb_stream_send(sb_stream stream, const void *bytes, size_t length, uint64_t deadline,
                             size_t *sent);
/* At least one byte, up to length. TIMEOUT, CLOSED. */
enum sb_error sb_stream_receive(sb_stream stream, void *bytes, size_t length, uint64_t deadline,
                                size_t *received);
/* Ends what other threads do with the stream; it is still to be closed. */
void sb_stream_shutdown(sb_stream stream);
void sb_stream_close(sb_stream stream);

/* Fills bytes that nobody can foresee; false: the system has none. */
bool sb_random(void *bytes, size_t length);

#endif
