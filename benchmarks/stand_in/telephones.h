/* Telephones for a real switch: SIP in `telephones.c`, their sound in `rtp.c`, SIP's text in `sip.c`.

   The seventh digit from the end of the number says what becomes of a call: 5 answers, 4 is busy,
   3 declines, 2 rings for ever, 6 has an announcement before it answers. Lines 500 to 999 are loud
   all the time, the others for 20 ms a second. */
#ifndef TELEPHONES_H
#define TELEPHONES_H

#include "stand_in.h"

#include <netinet/in.h>

enum stage { RINGS, TALKS, GONE };

typedef struct {
    conn *c; /* a UDP socket */
    struct sockaddr_in peer;
    unsigned short sequence;
    unsigned timestamp;
    double next_packet, next_due, next_marker; /* due: without jitter */
    char keys[32];          /* still to be pressed */
    int key_packet;         /* of the first of them */
    unsigned last_key_time; /* of the last key that came: it is told many times over */
    int answer, frame;      /* what was heard last of the agent */
    unsigned last_sequence, voice_sequence;
    double last_voice;
} sound;

typedef struct {
    char *invite; /* as it came, or as we sent it */
    char call_id[128], tag[24], target[200], route[200];
    struct sockaddr_in peer; /* SIP */
    int line, sequence;
    char fate;
    bool is_caller, was_answered;
    enum stage stage;
    double due, again; /* next step while it rings; next sending of an answer without ACK */
    int resent;
    sound rtp;
} telephone;

/* What became of the last call of each line, in monotonic seconds. */
typedef struct {
    double invited, answered, first_voice, last_voice, announced, ended;
    double person;          /* another telephone was heard */
    double longest_silence; /* of the agent, since the last `reset` */
    char ended_by; /* 'B'YE or 'C'ANCEL of the switch, 'R'efused, 'W'e */
    char keys[32];
    int status; /* what was answered to a call of ours */
} line_facts;

extern line_facts facts[MOST_LINES];

/* telephones.c */
int telephones_start(int port);
void telephones_tick(double now);
int telephones_live(void);
void telephone_presses(int line, const char *keys);
void telephone_hangs_up(int line);
void telephone_calls(int line, const char *number, int port);
void line_json(int line);
void forget_silences(void);

/* rtp.c */
typedef struct {
    int line, answer, number;
} stamp;

int open_sound(telephone *, double now);
void aim_sound(telephone *, const char *sdp);
void close_sound(telephone *);
void sound_tick(telephone *, double now);
void write_stamped(unsigned char *frame, int line, int answer, int number);
bool read_stamp(const unsigned char *at, stamp *);
bool is_marker(const unsigned char *frame);

/* sip.c */
#define SIP_MOST 8192
bool header(const char *message, const char *name, char *out, size_t size);
size_t write_response(char *out, const char *request, int code, const char *reason, const char *tag,
                      int port, const char *sdp);
size_t write_request(char *out, const telephone *, const char *method, int port, const char *sdp);
void write_sdp(char *out, size_t size, int rtp_port);

#endif
