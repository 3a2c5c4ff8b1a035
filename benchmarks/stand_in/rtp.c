/* The sound of the telephones: what the caller says, and whether the agent is heard as it spoke.

   Every 20 ms of either's voice is stamped with line, answer and number, ten times over, in bytes
   that come through G.711 unchanged. So what is missing, comes twice, is shifted against the packets
   or altered is seen in the sound itself. Packets are timed by the kernel. */
#define _GNU_SOURCE
#include "telephones.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAME 160
#define STAMP 16
#define HEADER 12
#define PACKET_SECONDS 0.02
#define LATE_SECONDS 0.04
#define QUIET_SECONDS 0.1 /* without voice after a doubt: it has stopped */
#define LEAK_SECONDS 0.15
#define MARKER 0x80 /* the loudest sound there is */
#define PEOPLE 500 /* the first line of those to whom calls are handed over */
#define CALLER 0xFFFF /* the answer that a caller's sound is stamped with */
#define EVENTS 101 /* payload type of keys */

static const char KEYS[] = "0123456789*#ABCD";

static void put(unsigned char *out, int value)
{
    for (int i = 0; i < 4; i++) out[i] = 0x20 + (value >> (12 - 4 * i) & 15);
}

static int get(const unsigned char *in)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        if ((in[i] & 0xF0) != 0x20) return -1;
        value = value << 4 | (in[i] & 15);
    }
    return value;
}

void write_stamped(unsigned char *frame, int line, int answer, int number)
{
    frame[0] = 0x05, frame[1] = 0x3C, frame[14] = 0x11, frame[15] = 0x0A;
    put(frame + 2, line), put(frame + 6, answer), put(frame + 10, number);
    for (int i = STAMP; i < FRAME; i++) frame[i] = frame[i - STAMP];
}

bool read_stamp(const unsigned char *at, stamp *s)
{
    if (at[0] != 0x05 || at[1] != 0x3C || at[14] != 0x11 || at[15] != 0x0A) return false;
    s->line = get(at + 2), s->answer = get(at + 6), s->number = get(at + 10);
    return s->line >= 0 && s->answer >= 0 && s->number >= 0;
}

static bool is_loud(const unsigned char *audio)
{
    for (int i = 0; i < FRAME; i++)
        if ((~audio[i] & 0x70) >= 0x40) return true;
    return false;
}

/* What another telephone says: once a second, or all the time. */
bool is_marker(const unsigned char *audio)
{
    for (int i = 0; i < FRAME; i++)
        if (audio[i] != MARKER) return false;
    return true;
}

/* --- what comes */

static void begins(telephone *t, stamp s, double at)
{
    line_state *line = &lines[t->line];
    sound *r = &t->rtp;
    if (r->answer && line->disturbed != r->answer) count.missing += line->frames - 1 - r->frame;
    if (!r->answer) {
        if (t->was_answered) sample(&count.first_word, at - facts[t->line].answered);
    } else if (line->first_delta)
        sample(&count.downlink, at - line->first_delta);
    line->first_delta = 0;
    count.missing += s.number;
}

static void goes_on(telephone *t, stamp s, double at, unsigned sequence)
{
    sound *r = &t->rtp;
    unsigned packets = (sequence - r->voice_sequence) & 0xFFFF;
    int step = s.number - r->frame;
    if (step < 1) count.repeated++;
    if (step > 1) count.missing += step - 1;
    if (packets == 1) {
        double gap = at - r->last_voice;
        sample(&count.gap, gap);
        if (gap > LATE_SECONDS) count.late++;
    } else if (lines[t->line].paused_answer != s.answer) {
        count.holes++;
        count.hole_packets += packets - 1;
    }
}

static void hear_voice(telephone *t, stamp s, double at, unsigned sequence)
{
    sound *r = &t->rtp;
    line_state *line = &lines[t->line];
    line_facts *f = &facts[t->line];
    count.voice_packets++;
    if (!f->first_voice) f->first_voice = at;
    if (f->last_voice && at - f->last_voice > f->longest_silence)
        f->longest_silence = at - f->last_voice;
    f->last_voice = at;
    if (s.line != t->line) {
        count.foreign++;
        return;
    }
    if (line->cut_at && s.answer == line->disturbed && at > line->cut_at + LEAK_SECONDS) count.leaked++;
    if (s.answer != r->answer)
        begins(t, s, at);
    else
        goes_on(t, s, at, sequence);
    r->answer = s.answer, r->frame = s.number;
    r->last_voice = line->voice_at = at;
    line->heard_answer = s.answer;
    r->voice_sequence = sequence;
}

static void hear(telephone *t, const unsigned char *audio, double at, unsigned sequence)
{
    stamp s;
    unsigned step = (sequence - t->rtp.last_sequence) & 0xFFFF;
    count.packets++;
    if (step > 1 && step < 1000 && t->rtp.last_sequence) count.lost += step - 1;
    t->rtp.last_sequence = sequence;
    for (int at_byte = 0; at_byte + STAMP <= FRAME; at_byte++) {
        if (!read_stamp(audio + at_byte, &s)) continue;
        if (at_byte) count.shifted++;
        hear_voice(t, s, at, sequence);
        return;
    }
    if (is_marker(audio)) {
        if (!facts[t->line].person) facts[t->line].person = at;
    } else if (is_loud(audio))
        count.garbled++;
}

static void hear_key(telephone *t, const unsigned char *packet)
{
    unsigned when = packet[4] << 24 | packet[5] << 16 | packet[6] << 8 | packet[7];
    char *keys = facts[t->line].keys;
    size_t len = strlen(keys);
    if (when == t->rtp.last_key_time || len + 1 >= sizeof facts->keys) return;
    t->rtp.last_key_time = when;
    keys[len] = KEYS[packet[HEADER] & 15];
}

/* When the kernel had a packet, by the monotonic clock. */
static double arrival(struct msghdr *message)
{
    struct timespec now, *came = NULL;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
            came = (struct timespec *)CMSG_DATA(c);
    if (!came) return monotonic();
    clock_gettime(CLOCK_REALTIME, &now);
    return monotonic() - (now.tv_sec - came->tv_sec) - (now.tv_nsec - came->tv_nsec) / 1e9;
}

static void on_packets(conn *c)
{
    telephone *t = c->owner;
    for (;;) {
        unsigned char packet[2048];
        char control[128];
        struct iovec part = {packet, sizeof packet};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                                 .msg_controllen = sizeof control};
        ssize_t size = recvmsg(c->fd, &message, MSG_DONTWAIT);
        if (size < 0) return;
        int kind = packet[1] & 0x7F;
        if (kind == EVENTS && size > HEADER) hear_key(t, packet);
        if (kind == 0 && size == HEADER + FRAME)
            hear(t, packet + HEADER, arrival(&message), packet[2] << 8 | packet[3]);
    }
}

/* --- what is said */

static void send_packet(telephone *t, int kind, bool marker, unsigned time, const void *data, int size)
{
    sound *r = &t->rtp;
    unsigned char packet[HEADER + FRAME] = {0x80, marker << 7 | kind};
    unsigned sequence = r->sequence++;
    packet[2] = sequence >> 8, packet[3] = sequence;
    for (int i = 0; i < 4; i++) packet[4 + i] = time >> (24 - 8 * i);
    packet[11] = t->line, packet[10] = 1;
    memcpy(packet + HEADER, data, size);
    sendto(r->c->fd, packet, HEADER + size, 0, (void *)&r->peer, sizeof r->peer);
}

/* One of the eight packets of the key that is being pressed, and five of rest. */
static bool press(telephone *t)
{
    sound *r = &t->rtp;
    int number = r->key_packet++;
    const char *key = strchr(KEYS, r->keys[0]);
    if (number >= 8) {
        if (number == 12) {
            memmove(r->keys, r->keys + 1, strlen(r->keys));
            r->key_packet = 0;
        }
        return false;
    }
    int lasted = number < 5 ? (number + 1) * FRAME : 5 * FRAME;
    unsigned char event[4] = {key ? key - KEYS : 0, number < 5 ? 10 : 0x8A, lasted >> 8, lasted};
    send_packet(t, EVENTS, number == 0, r->timestamp - number * FRAME, event, sizeof event);
    return true;
}

static void speak(telephone *t, double now)
{
    unsigned char frame[FRAME];
    sound *r = &t->rtp;
    bool marker = t->stage == TALKS && (now >= r->next_marker || t->line / PEOPLE == 1);
    if (marker) {
        r->next_marker += 1.0;
        lines[t->line].marker_sent = now;
    }
    write_stamped(frame, t->line, CALLER, r->sequence);
    if (marker) memset(frame, MARKER, FRAME);
    send_packet(t, 0, false, r->timestamp, frame, FRAME);
}

void sound_tick(telephone *t, double now)
{
    sound *r = &t->rtp;
    line_state *line = &lines[t->line];
    while (r->peer.sin_port && now >= r->next_packet) {
        if (!r->keys[0] || !press(t)) speak(t, now);
        r->next_due += PACKET_SECONDS;
        r->next_packet = r->next_due + option.jitter_ms * drand48() / 1000;
        r->timestamp += FRAME;
    }
    double *asked = line->interrupted ? &line->interrupted : &line->doubted;
    double since = r->last_voice > *asked ? r->last_voice : *asked;
    if (!*asked || now - since < QUIET_SECONDS) return;
    if (r->last_voice)
        sample(asked == &line->doubted ? &count.pause : &count.stop,
               r->last_voice > *asked ? r->last_voice - *asked : 0);
    line->interrupted = line->doubted = 0;
}

/* --- sockets */

int open_sound(telephone *t, double now)
{
    int on = 1, room = 1 << 20, port = open_udp(0, &t->rtp.c);
    setsockopt(t->rtp.c->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    setsockopt(t->rtp.c->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    t->rtp.c->on_readable = on_packets;
    t->rtp.c->owner = t;
    t->rtp.next_packet = t->rtp.next_due = now + t->line % 20 / 1000.0;
    t->rtp.next_marker = now + 2 + t->line % 40 / 40.0;
    return port;
}

void aim_sound(telephone *t, const char *message)
{
    const char *media = strstr(message, "m=audio ");
    if (!media) return;
    t->rtp.peer = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(media + 8))};
    t->rtp.peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

void close_sound(telephone *t)
{
    if (t->rtp.c) drop(t->rtp.c);
    t->rtp.c = NULL;
}
