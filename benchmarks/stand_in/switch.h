/* The switch's channels, for the Event Socket that steers them. */
#ifndef SWITCH_H
#define SWITCH_H

#include "stand_in.h"

#define PLAYED 4096 /* samples; a power of two */

enum state { RINGING, IN_PROGRESS, UP, OVER };

typedef struct call {
    char uuid[48], owner[96];
    int line;
    enum state state;
    double due; /* next step while it rings */
    char job[64]; /* of its originate */
    conn *media;
    double next_frame, next_marker;
    int frame_ms;
    int file; /* being played; -1: none */
    char path[300];
    long from, played; /* bytes: where it began, how much since */
    double next_play;
    bool paused, stereo;
    short played_sound[PLAYED]; /* what was played last; the newest at `played_at` - 1 */
    long played_at, sent_at;    /* samples played, and sent back in stereo */
    struct call *next;
} call;

/* switch.c */
call *new_call(const char *uuid, int line);
call *find_call(const char *uuid);
const call *call_at(int index);
void start_playback(call *, const char *target);
void stop_playback(call *, const char *status);
void start_stream(call *, const char *url);
void hang_up(call *, const char *cause, int status, const char *disposition);

/* event_socket.c */
void event(const call *, const char *name, const char *format, ...);
void job_done(const char *job, const char *result);

#endif
