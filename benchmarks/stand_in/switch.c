/* A stand-in for FreeSWITCH with mod_audio_stream: channels that ring and answer, caller audio over
   a WebSocket, and playback of growing files. */
#define _GNU_SOURCE
#include "switch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUCKETS 8192
#define FRAME 0.02
#define ULAW_FRAME 160
#define MARKER_EVERY 1.0

static call *buckets[BUCKETS];
static call **calls;
static int call_count, call_room;

int switch_live(void) { return call_count; }
const call *call_at(int index) { return calls[index]; }

static unsigned bucket_of(const char *uuid, size_t len)
{
    unsigned hash = 2166136261u;
    while (len--) hash = (hash ^ (unsigned char)*uuid++) * 16777619u;
    return hash % BUCKETS;
}

call *find_call(const char *uuid)
{
    size_t len = strcspn(uuid, " \n");
    for (call *c = buckets[bucket_of(uuid, len)]; c; c = c->next)
        if (strlen(c->uuid) == len && !memcmp(c->uuid, uuid, len)) return c;
    return NULL;
}

call *new_call(const char *uuid, int line)
{
    call *c = calloc(1, sizeof *c);
    snprintf(c->uuid, sizeof c->uuid, "%.*s", (int)strcspn(uuid, ",} \n"), uuid);
    c->line = line;
    c->file = -1;
    c->frame_ms = option.frame_ms;
    call **bucket = &buckets[bucket_of(c->uuid, strlen(c->uuid))];
    c->next = *bucket;
    *bucket = c;
    if (call_count == call_room) calls = realloc(calls, (call_room += 1024) * sizeof *calls);
    return calls[call_count++] = c;
}

static void forget(int index)
{
    call *c = calls[index];
    call **at = &buckets[bucket_of(c->uuid, strlen(c->uuid))];
    while (*at != c) at = &(*at)->next;
    *at = c->next;
    calls[index] = calls[--call_count];
    free(c);
}

/* --- playback */

void stop_playback(call *c, const char *status)
{
    if (c->file < 0) return;
    close(c->file);
    c->file = -1;
    event(c, "PLAYBACK_STOP",
          "\"Playback-File-Path\":\"%s\",\"Playback-Status\":\"%s\","
          "\"variable_playback_samples\":\"%ld\"", c->path, status, c->played);
}

void start_playback(call *c, const char *target)
{
    char path[300];
    line_state *line = &lines[c->line];
    if (c->file >= 0) {
        count.overlaps++;
        return;
    }
    snprintf(c->path, sizeof c->path, "%.*s", (int)strcspn(target, "\n"), target);
    snprintf(path, sizeof path, "%s", c->path);
    char *offset = strstr(path, "@@");
    c->from = offset ? atol(offset + 2) : 0;
    if (offset) *offset = 0;
    c->file = open(path, O_RDONLY | O_CLOEXEC);
    c->played = 0;
    c->paused = false;
    c->next_play = monotonic();
    count.playbacks++;
    if (offset)
        count.resumed_playbacks++;
    else if (line->first_delta && c->state == UP)
        sample(&count.downlink, c->next_play - line->first_delta);
    line->first_delta = 0;
    event(c, "PLAYBACK_START", "\"Playback-File-Path\":\"%s\"", c->path);
    if (c->file < 0) event(c, "PLAYBACK_STOP", "\"Playback-File-Path\":\"%s\"", c->path);
}

static short from_ulaw(unsigned char code)
{
    code = ~code;
    int value = (((code & 15) << 3) + 132) << (code >> 4 & 7);
    return code & 128 ? 132 - value : value - 132;
}

/* 20 ms of what the caller hears; NULL is silence. */
static void note_played(call *c, const char *frame, ssize_t len)
{
    for (int i = 0; i < ULAW_FRAME; i++)
        c->played_sound[c->played_at++ & (PLAYED - 1)] = i < len ? from_ulaw(frame[i]) : 0;
}

static void play(call *c, double now)
{
    char frame[ULAW_FRAME];
    while (c->file >= 0 && now >= c->next_play) {
        c->next_play += FRAME;
        if (c->paused) continue;
        ssize_t got = pread(c->file, frame, ULAW_FRAME, c->from + c->played);
        if (got <= 0) {
            stop_playback(c, "done");
            return;
        }
        c->played += got;
        count.played_bytes += got;
        note_played(c, frame, got);
    }
}

/* --- caller audio */

static void media_closed(conn *m)
{
    call *c = m->owner;
    if (c) c->media = NULL;
}

static void media_open(conn *m)
{
    call *c = m->owner;
    if (!c) return;
    double now = monotonic(), phase = c->line % 40 / 40.0;
    c->next_frame = now + phase * c->frame_ms / 1000;
    c->next_marker = now + 2 + phase;
    event(c, "CUSTOM", "\"Event-Subclass\":\"mod_audio_stream::connect\",\"_body\":\"{}\"");
}

/* Audio that comes back on the stream itself, for bridges without a switch. */
static void media_message(conn *m, int opcode, unsigned char *data, size_t len)
{
    call *c = m->owner;
    (void)data;
    if (opcode != WS_BINARY || !c) return;
    line_state *line = &lines[c->line];
    count.played_bytes += len;
    if (line->first_delta) sample(&count.downlink, monotonic() - line->first_delta);
    line->first_delta = 0;
}

static void open_media(call *c, int port, const char *path)
{
    c->media = dial(port);
    c->media->owner = c;
    c->media->on_open = media_open;
    c->media->on_message = media_message;
    c->media->on_closed = media_closed;
    websocket_ask(c->media, port, path);
}

void start_stream(call *c, const char *url)
{
    c->stereo = strstr(url, " stereo ");
    char path[256];
    const char *port = url ? strchr(url + 5, ':') : NULL;
    const char *slash = port ? strchr(port, '/') : NULL;
    if (!slash || c->media) return;
    snprintf(path, sizeof path, "%.*s", (int)strcspn(slash, " \n"), slash);
    open_media(c, atoi(port + 1), path);
}

/* The caller's sentence. */
static short sentence[8 * 10000];
static long sentence_samples(void)
{
    static long samples = -1;
    if (samples >= 0 || !option.caller_sound) return samples > 0 ? samples : 0;
    int file = open(option.caller_sound, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? 0 : read(file, sentence, sizeof sentence);
    if (file >= 0) close(file);
    return samples = got > 0 ? got / 2 : 0;
}

/* The line as it sounds: the caller's sentence in a hiss, echo, and beside it what was played. */
static void send_sound(call *c)
{
    static short sound[2 * 8 * 200];
    static unsigned dice = 1;
    line_state *line = &lines[c->line];
    int size = c->frame_ms * 8, channels = c->stereo ? 2 : 1;
    if (c->sent_at + size > c->played_at || c->played_at - c->sent_at > PLAYED / 4)
        c->sent_at = c->played_at - size; /* nothing, or much at once, was played */
    for (int i = 0; i < size; i++, c->sent_at++) {
        long past = c->sent_at - 800;
        short far = c->file >= 0 && c->sent_at >= 0 ? c->played_sound[c->sent_at & (PLAYED - 1)] : 0;
        int near = (int)((dice = dice * 1103515245 + 12345) >> 16) % 400 - 200;
        if (line->spoken >= 0 && line->spoken < sentence_samples()) near += sentence[line->spoken++];
        if (option.echo && c->file >= 0 && past >= 0) near += c->played_sound[past & (PLAYED - 1)] / 4;
        sound[channels * i] = near > 32767 ? 32767 : near < -32768 ? -32768 : near;
        if (c->stereo) sound[2 * i + 1] = far;
    }
    websocket_send(c->media, WS_BINARY, sound, size * 2 * channels);
}

static void send_audio(call *c, double now)
{
    static short quiet[8 * 200], loud[8 * 200];
    if (!loud[0])
        for (int i = 0; i < 8 * 200; i++) loud[i] = 32639, quiet[i] = (i * 37 % 2000) - 1000;
    while (c->media && c->media->is_websocket && now >= c->next_frame) {
        bool marker = now >= c->next_marker && !lines[c->line].tells_turns;
        if (marker) {
            c->next_marker += MARKER_EVERY;
            lines[c->line].marker_sent = now;
        }
        c->next_frame += c->frame_ms / 1000.0;
        count.frames_sent++;
        if (lines[c->line].tells_turns)
            send_sound(c);
        else
            websocket_send(c->media, WS_BINARY, marker ? loud : quiet, c->frame_ms * 16);
    }
}

void open_streams(int port, int wanted)
{
    char path[32];
    for (int i = 0; i < wanted; i++) {
        snprintf(path, sizeof path, "/media/%04d", i);
        call *c = new_call(path, i);
        c->state = UP;
        open_media(c, port, path);
    }
}

/* --- channels */

void hang_up(call *c, const char *cause, int status, const char *disposition)
{
    if (c->state == OVER) return;
    stop_playback(c, "break");
    c->state = OVER;
    count.hangups++;
    event(c, "CHANNEL_HANGUP_COMPLETE",
          "\"Hangup-Cause\":\"%s\",\"variable_sip_term_status\":\"%d\","
          "\"variable_sip_hangup_disposition\":\"%s\"", cause, status, disposition);
    if (c->media) {
        c->media->owner = NULL;
        drop(c->media);
    }
}

static void ring(call *c, double now)
{
    if (now < c->due) return;
    if (c->state == RINGING) {
        c->state = IN_PROGRESS;
        c->due = option.fate == 'r' ? 1e18 : now + option.ring_ms / 1000.0;
        event(c, "CHANNEL_PROGRESS", "\"Answer-State\":\"ringing\"");
    } else if (option.fate == 'b') {
        job_done(c->job, "-ERR USER_BUSY");
        hang_up(c, "USER_BUSY", 486, "recv_refuse");
    } else {
        c->state = UP;
        count.answered++;
        // The far end tells keys by telephone-event: nobody has to listen for tones.
        event(c, "CHANNEL_ANSWER",
              "\"Answer-State\":\"answered\",\"variable_rtp_2833_send_payload\":\"101\"");
        event(c, "CHANNEL_PARK", "\"Answer-State\":\"answered\"");
        job_done(c->job, "+OK");
    }
}

void switch_tick(double now)
{
    for (int i = call_count; i--;) {
        call *c = calls[i];
        if (c->state == OVER) {
            forget(i);
            continue;
        }
        if (c->state != UP) ring(c, now);
        if (c->file >= 0) play(c, now);
        if (c->media) send_audio(c, now);
    }
}

