/* One-threaded event loop over loopback sockets, WebSocket frames, and delay samples. */
#ifndef NET_H
#define NET_H

#include <stdbool.h>
#include <stddef.h>

typedef struct conn conn;

struct conn {
    int fd;
    bool is_client;    /* we opened it: our WebSocket frames are masked */
    bool is_websocket; /* the handshake is over */
    bool is_dead;
    bool wants_write;
    char *in, *out;
    size_t in_len, in_cap, out_len, out_cap;
    size_t (*on_bytes)(conn *, char *data, size_t len); /* returns how many it used */
    void (*on_readable)(conn *); /* instead of reading: datagrams */
    void (*on_open)(conn *);                            /* WebSocket handshake done */
    void (*on_message)(conn *, int opcode, unsigned char *data, size_t len);
    void (*on_closed)(conn *);
    void *owner;
    conn *next_dead;
};

enum { WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

double monotonic(void);
double processor_seconds(void);

/* Listens on a free loopback port and calls `on_accept` for each connection. */
int serve(void (*on_accept)(conn *));
conn *dial(int port);
conn *watch(int fd);
/* A UDP socket on loopback; port 0: any. The port it has. */
int open_udp(int port, conn **out);
void send_bytes(conn *, const void *data, size_t len);
void drop(conn *);
/* Calls `tick(now)` about every millisecond, until `stop_loop`. */
void run_loop(void (*tick)(double now));
void stop_loop(void);
double worst_tick(void); /* the longest time between two ticks since the last call */

/* WebSocket */
size_t websocket_bytes(conn *, char *data, size_t len); /* an `on_bytes` */
void websocket_ask(conn *, int port, const char *path); /* the client's half */
void websocket_send(conn *, int opcode, const void *data, size_t len);

/* base64 */
size_t base64_encode(const unsigned char *data, size_t len, char *out);
size_t base64_decode(const char *text, size_t len, unsigned char *out);

/* Delay samples, in seconds; a full set keeps what it has. */
typedef struct {
    double *values;
    size_t count;
} samples;

void sample(samples *, double seconds);
/* {"n":…,"p50":…,"p99":…,"max":…} in milliseconds. */
int samples_json(samples *, char *out, size_t size);

#endif
