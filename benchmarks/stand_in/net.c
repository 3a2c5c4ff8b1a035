#define _GNU_SOURCE
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_SAMPLES 1000000
#define MOST_QUEUED (64u << 20)

static int poller = -1;
static bool running;
static conn *dead;
static double longest_tick;

static double clock_of(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

double monotonic(void) { return clock_of(CLOCK_MONOTONIC); }
double processor_seconds(void) { return clock_of(CLOCK_PROCESS_CPUTIME_ID); }

double worst_tick(void)
{
    double worst = longest_tick;
    longest_tick = 0;
    return worst;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void poll_for(conn *c, int operation)
{
    struct epoll_event event = {.events = EPOLLIN | (c->wants_write ? EPOLLOUT : 0),
                                .data.ptr = c};
    if (poller < 0 && (poller = epoll_create1(EPOLL_CLOEXEC)) < 0) fail("epoll_create1");
    if (epoll_ctl(poller, operation, c->fd, &event) < 0) fail("epoll_ctl");
}

conn *watch(int fd)
{
    conn *c = calloc(1, sizeof *c);
    c->fd = fd;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    poll_for(c, EPOLL_CTL_ADD);
    return c;
}

static conn *watch_socket(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return watch(fd);
}

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static size_t accept_all(conn *listener, char *data, size_t len)
{
    int fd;
    (void)data, (void)len;
    while ((fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        ((void (*)(conn *))listener->owner)(watch_socket(fd));
    return 0;
}

int serve(void (*on_accept)(conn *))
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (void *)&address, size) < 0 || listen(fd, 4096) < 0) fail("listen");
    getsockname(fd, (void *)&address, &size);
    conn *listener = watch(fd);
    listener->owner = (void *)on_accept;
    listener->on_bytes = accept_all;
    return ntohs(address.sin_port);
}

int open_udp(int port, conn **out)
{
    struct sockaddr_in address = loopback(port);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (void *)&address, size) < 0) fail("bind");
    getsockname(fd, (void *)&address, &size);
    *out = watch(fd);
    return ntohs(address.sin_port);
}

conn *dial(int port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connect(fd, (void *)&address, sizeof address) < 0 && errno != EINPROGRESS) fail("connect");
    conn *c = watch_socket(fd);
    c->is_client = true;
    return c;
}

void drop(conn *c)
{
    if (c->is_dead) return;
    c->is_dead = true;
    close(c->fd);
    c->next_dead = dead;
    dead = c;
    if (c->on_closed) c->on_closed(c);
}

static void append(char **buffer, size_t *len, size_t *cap, const void *data, size_t more)
{
    if (*len + more > *cap) {
        *cap = (*len + more) * 2;
        *buffer = realloc(*buffer, *cap);
    }
    memcpy(*buffer + *len, data, more);
    *len += more;
}

static void flush(conn *c)
{
    while (c->out_len) {
        ssize_t sent = send(c->fd, c->out, c->out_len, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EAGAIN && errno != ENOTCONN) drop(c);
            break;
        }
        c->out_len -= sent;
        memmove(c->out, c->out + sent, c->out_len);
    }
    if (!c->is_dead && c->wants_write != (c->out_len > 0)) {
        c->wants_write = c->out_len > 0;
        poll_for(c, EPOLL_CTL_MOD);
    }
}

void send_bytes(conn *c, const void *data, size_t len)
{
    if (c->is_dead) return;
    append(&c->out, &c->out_len, &c->out_cap, data, len);
    if (c->out_len > MOST_QUEUED)
        drop(c);
    else
        flush(c);
}

static void take_input(conn *c)
{
    char buffer[65536];
    ssize_t got = read(c->fd, buffer, sizeof buffer);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        drop(c);
        return;
    }
    append(&c->in, &c->in_len, &c->in_cap, buffer, got);
    size_t used = c->on_bytes ? c->on_bytes(c, c->in, c->in_len) : c->in_len;
    if (c->is_dead) return;
    c->in_len -= used;
    memmove(c->in, c->in + used, c->in_len);
}

static void bury(void)
{
    while (dead) {
        conn *c = dead;
        dead = c->next_dead;
        free(c->in);
        free(c->out);
        free(c);
    }
}

void stop_loop(void) { running = false; }

void run_loop(void (*tick)(double now))
{
    struct epoll_event events[256];
    double last = monotonic();
    for (running = true; running;) {
        int count = epoll_wait(poller, events, 256, 1);
        for (int i = 0; i < count; i++) {
            conn *c = events[i].data.ptr;
            if (!c->is_dead && events[i].events & EPOLLOUT) flush(c);
            if (c->is_dead || !(events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) continue;
            if (c->on_readable)
                c->on_readable(c);
            else if (c->on_bytes == accept_all)
                accept_all(c, NULL, 0);
            else
                take_input(c);
        }
        double now = monotonic();
        if (now - last > longest_tick) longest_tick = now - last;
        last = now;
        tick(now);
        bury();
    }
}

/* --- samples */

void sample(samples *s, double seconds)
{
    if (!s->values) s->values = malloc(MOST_SAMPLES * sizeof *s->values);
    if (s->count < MOST_SAMPLES) s->values[s->count++] = seconds;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int samples_json(samples *s, char *out, size_t size)
{
    size_t n = s->count;
    double *v = s->values;
    if (!n) return snprintf(out, size, "null");
    qsort(v, n, sizeof *v, ascending);
    return snprintf(out, size, "{\"n\":%zu,\"p50\":%.2f,\"p95\":%.2f,\"p99\":%.2f,\"max\":%.2f}", n,
                    v[n / 2] * 1e3, v[n * 95 / 100] * 1e3, v[n * 99 / 100] * 1e3, v[n - 1] * 1e3);
}
