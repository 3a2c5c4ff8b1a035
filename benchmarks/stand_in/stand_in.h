/* What the two stand-ins share: options, counters, and what is open on each line.

   A line is one call, 0 to MOST_LINES - 1. It is known on both sides: the last four digits of the
   number dialled, and "Line 0042" in the instructions of the model's session. That is how a delay
   that begins on one side and ends on the other is measured by one clock. */
#ifndef STAND_IN_H
#define STAND_IN_H

#include "net.h"

#define MOST_LINES 10000

typedef struct {
    double marker_sent;   /* caller's side: a loud frame went out */
    double marker_heard;  /* the model's side */
    double first_delta;   /* the model sent the first audio of an answer */
    double doubted;       /* the ears reported speech over the agent's voice */
    double interrupted;   /* the words that make it an interruption were sent */
    int disturbed;        /* the answer that is not spoken to its end */
    int paused_answer;    /* the last one in which the caller made a sound */
    double cut_at;        /* when the words came that end it */
    int heard_answer;     /* the last one of which the telephone heard anything */
    double voice_at;      /* when it heard it last */
    int frames;           /* of 20 ms in an answer that is spoken to its end */
    double item_at;       /* something was added to the conversation for the model */
    bool tells_turns;     /* the model has no ears: the bridge tells it of turns, from the sound */
    long spoken;          /* samples of the caller's sentence that were sent; -1: none under way */
} line_state;

typedef struct {
    int ring_ms;         /* until progress; the answer comes as long after that */
    char fate;           /* 'a'nswers, 'b'usy, 'r'ings for ever */
    int frame_ms;        /* audio frames of calls that do not say */
    int turn_deltas;     /* length of an answer, in pieces of 100 ms */
    int interrupt_every; /* every how many answers the caller interrupts; 0 never */
    int cough_every;     /* the same for a sound that is no interruption */
    int pace;            /* how many times faster than speech the model is */
    int jitter_ms;       /* by how much packets of the telephones are late, at most */
    const char *caller_sound; /* file of L16: a sentence, for models without ears */
    int echo;            /* whether the agent's voice comes back: 100 ms later, 12 dB weaker */
    int telephones;      /* SIP port of telephones for a real switch; 0: no switch here */
} options;

typedef struct {
    long originates, answered, hangups, commands, events;
    long frames_sent, played_bytes, playbacks, resumed_playbacks, overlaps, breaks, pauses;
    long appends, appended_ms, deltas, answers;
    long packets, voice_packets, lost, missing, repeated, shifted, garbled, foreign, leaked;
    long late, holes, hole_packets, spoken_over;
    long caller_missing, caller_repeated, caller_altered; /* frames of 20 ms at the model */
    samples uplink, downlink, pause, stop, first_word, gap;
} counters;

extern line_state lines[MOST_LINES];
extern options option;
extern counters count;
extern double first_originate, last_originate;

/* switch.c */
void switch_tick(double now);
int switch_live(void);
void open_streams(int port, int calls); /* audio without any signalling */

/* event_socket.c */
int event_socket_start(void);

/* realtime.c */
int realtime_start(void);
void realtime_tick(double now);
int realtime_live(void);

#endif
