/* A stand-in for OpenAI's Realtime server (GA events): it counts what it hears and talks in turns.

   An answer is `turn_deltas` pieces of 100 ms. The first three come at once, as from a model that
   is faster than speech, the rest at the pace of speech, or some times that. 300 ms after the last one was due the
   caller is reported to speak for 200 ms, and the next answer follows when it is asked for, or by
   itself where the session left `create_response` on.

   A session without server VAD is told of turns by `input_audio_buffer.commit`: the caller is then not
   reported, but says a sentence that the switch sends as sound.

   Interruptions come in two kinds, in turns: words 200 ms after the sound, and words with it. */
#define _GNU_SOURCE
#include "telephones.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAD 3
#define PIECE 0.1
#define PCM24_PIECE 4800
#define ULAW_PIECE 800
#define PIECE_FRAMES 5
#define PAUSED_SECONDS 2.0 /* more than a cough holds an answer up */
#define MOST_SESSIONS 6000

enum caller { QUIET, SPEAKS, SAID_WORDS };

typedef struct {
    conn *c;
    int line;
    bool pcm24, answers_itself;
    long heard_ms;
    int heard_frame; /* the last one of the caller's, by its stamp; 0: none yet */
    int answer;       /* number of the present or last one */
    int delta;        /* pieces sent of it; -1: none is under way */
    double began;     /* when it began */
    enum caller caller;
    double caller_next; /* when the caller does the next thing; 0 never */
    bool interrupts;    /* this speech is one over the agent's voice */
    bool coughs;        /* and has no words */
} session;

static session *sessions[MOST_SESSIONS];
static int session_count;
static char pcm24_text[2 * PCM24_PIECE];

int realtime_live(void) { return session_count; }

static void tell(session *s, const char *format, ...)
{
    static char text[16384];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    websocket_send(s->c, WS_TEXT, text, len);
}

#define ANSWER "\"response_id\":\"resp_%d\",\"item_id\":\"item_a%d\",\"output_index\":0,\"content_index\":0"
#define RESPONSE                                                                             \
    "\"response\":{\"object\":\"realtime.response\",\"id\":\"resp_%d\",\"status\":\"%s\","   \
    "\"status_details\":%s,\"output\":[],\"conversation_id\":\"conv_1\","                    \
    "\"output_modalities\":[\"audio\"],\"max_output_tokens\":4096,\"metadata\":null,"        \
    "\"usage\":%s}"
#define USAGE                                                                                 \
    "{\"total_tokens\":300,\"input_tokens\":200,\"output_tokens\":100,"                       \
    "\"input_token_details\":{\"text_tokens\":100,\"audio_tokens\":100,\"cached_tokens\":0}," \
    "\"output_token_details\":{\"text_tokens\":20,\"audio_tokens\":80}}"
#define ITEM                                                                                  \
    "\"item\":{\"id\":\"item_a%d\",\"object\":\"realtime.item\",\"type\":\"message\","        \
    "\"status\":\"%s\",\"role\":\"assistant\",\"content\":[]}"

static void begin_answer(session *s, double now)
{
    int n = ++s->answer;
    s->delta = 0;
    s->began = now;
    lines[s->line].frames = option.turn_deltas * PIECE_FRAMES;
    count.answers++;
    tell(s, "{\"type\":\"response.created\",\"event_id\":\"event_1\"," RESPONSE "}", n,
         "in_progress", "null", "null");
    tell(s, "{\"type\":\"response.output_item.added\",\"event_id\":\"event_1\","
            "\"response_id\":\"resp_%d\",\"output_index\":0," ITEM "}", n, n, "in_progress");
    tell(s, "{\"type\":\"conversation.item.added\",\"event_id\":\"event_1\","
            "\"previous_item_id\":null," ITEM "}", n, "in_progress");
    tell(s, "{\"type\":\"response.content_part.added\",\"event_id\":\"event_1\"," ANSWER
            ",\"part\":{\"type\":\"audio\",\"transcript\":\"\"}}", n, n);
}

static void close_answer(session *s, const char *status, const char *details)
{
    tell(s, "{\"type\":\"response.done\",\"event_id\":\"event_1\"," RESPONSE "}", s->answer,
         status, details, USAGE);
    s->delta = -1;
}

static void end_answer(session *s)
{
    int n = s->answer;
    tell(s, "{\"type\":\"response.output_audio.done\",\"event_id\":\"event_1\"," ANSWER "}", n, n);
    tell(s, "{\"type\":\"response.output_audio_transcript.done\",\"event_id\":\"event_1\"," ANSWER
            ",\"transcript\":\"Of course, let me see what we have free next week for you.\"}", n, n);
    tell(s, "{\"type\":\"response.content_part.done\",\"event_id\":\"event_1\"," ANSWER
            ",\"part\":{\"type\":\"audio\",\"transcript\":\"Of course.\"}}", n, n);
    tell(s, "{\"type\":\"response.output_item.done\",\"event_id\":\"event_1\","
            "\"response_id\":\"resp_%d\",\"output_index\":0," ITEM "}", n, n, "completed");
    close_answer(s, "completed", "null");
    s->caller = QUIET;
    /* The first answer is prepared while the phone still rings, and heard later. */
    s->caller_next = s->began + option.turn_deltas * PIECE + (n == 1 ? 2.3 : 0.3)
                     + (s->coughs ? PAUSED_SECONDS : 0);
    s->coughs = false;
}

/* 100 ms of the agent's voice, in base64. */
static const char *piece_of(const session *s)
{
    static char text[2 * ULAW_PIECE];
    unsigned char piece[ULAW_PIECE];
    if (s->pcm24) return pcm24_text;
    for (int i = 0; i < PIECE_FRAMES; i++)
        write_stamped(piece + i * ULAW_PIECE / PIECE_FRAMES, s->line, s->answer,
                      s->delta * PIECE_FRAMES + i);
    base64_encode(piece, ULAW_PIECE, text);
    return text;
}

static void send_piece(session *s, double now)
{
    int n = s->answer;
    if (s->delta % 3 == 0)
        tell(s, "{\"type\":\"response.output_audio_transcript.delta\",\"event_id\":\"event_1\"," ANSWER
                ",\"delta\":\" of course,\"}", n, n);
    tell(s, "{\"type\":\"response.output_audio.delta\",\"event_id\":\"event_1\"," ANSWER
            ",\"delta\":\"%s\"}", n, n, piece_of(s));
    if (!s->delta++ && n > 1) lines[s->line].first_delta = now;
    count.deltas++;
    bool interrupts = option.interrupt_every && n % option.interrupt_every == 0;
    s->coughs = !interrupts && option.cough_every && n % option.cough_every == 0;
    if ((interrupts || s->coughs) && s->delta == 15) s->caller_next = now;
    if (s->delta == option.turn_deltas) end_answer(s);
}

/* The caller takes the turn when the answer should be over: one that comes late is interrupted. */
static void speaks_over_late_answer(session *s, double now)
{
    line_state *line = &lines[s->line];
    if (line->heard_answer >= s->answer && now - line->voice_at > 0.1) return;
    line->disturbed = line->paused_answer = s->answer;
    count.spoken_over++;
}

static void caller_begins(session *s, double now)
{
    if (lines[s->line].tells_turns) {
        lines[s->line].spoken = 0;
        s->caller_next = 0;
        return;
    }
    s->caller = SPEAKS;
    s->interrupts = s->delta >= 0;
    s->caller_next = now + 0.2;
    if (s->interrupts) {
        lines[s->line].doubted = now;
        lines[s->line].paused_answer = s->answer;
    } else
        speaks_over_late_answer(s, now);
    tell(s, "{\"type\":\"input_audio_buffer.speech_started\",\"event_id\":\"event_1\","
            "\"audio_start_ms\":%ld,\"item_id\":\"item_c%d\"}", s->heard_ms, s->answer);
}

#define SAID "\"event_id\":\"event_1\",\"item_id\":\"item_c%d\",\"content_index\":0"

static void caller_interrupts(session *s, double now)
{
    s->caller = SAID_WORDS;
    s->caller_next = now + 0.4;
    lines[s->line].interrupted = lines[s->line].cut_at = now;
    lines[s->line].disturbed = s->answer;
    tell(s, "{\"type\":\"conversation.item.input_audio_transcription.delta\"," SAID
            ",\"delta\":\"Please wait a moment\"}", s->answer);
}

/* What was heard is an item, and written down. */
static void tell_turn(session *s, int n, const char *words)
{
    tell(s, "{\"type\":\"input_audio_buffer.committed\",\"event_id\":\"event_1\","
            "\"previous_item_id\":null,\"item_id\":\"item_c%d\"}", n);
    tell(s, "{\"type\":\"conversation.item.added\",\"event_id\":\"event_1\","
            "\"previous_item_id\":null,\"item\":{\"id\":\"item_c%d\",\"object\":\"realtime.item\","
            "\"type\":\"message\",\"status\":\"completed\",\"role\":\"user\","
            "\"content\":[{\"type\":\"input_audio\",\"transcript\":null}]}}", n);
    tell(s, "{\"type\":\"conversation.item.input_audio_transcription.completed\"," SAID
            ",\"transcript\":\"%s\",\"usage\":{\"type\":\"duration\",\"seconds\":1}}", n, words);
}

static void caller_ends(session *s, double now)
{
    int n = s->answer;
    bool coughed = s->coughs && s->interrupts;
    s->caller = QUIET;
    s->caller_next = 0;
    tell(s, "{\"type\":\"input_audio_buffer.speech_stopped\",\"event_id\":\"event_1\","
            "\"audio_end_ms\":%ld,\"item_id\":\"item_c%d\"}", s->heard_ms, n);
    tell_turn(s, n, coughed ? "" : "What do you have free next week?");
    if (s->answers_itself && s->delta < 0) begin_answer(s, now);
}

static void session_tick(session *s, double now)
{
    while (s->delta >= 0 && now >= s->began + (s->delta - LEAD + 1) * PIECE / option.pace) send_piece(s, now);
    if (!s->caller_next || now < s->caller_next) return;
    if (s->caller == QUIET) {
        caller_begins(s, now);
        bool at_once = s->interrupts && !s->coughs && s->answer / option.interrupt_every % 2;
        if (at_once) caller_interrupts(s, now);
    } else if (s->caller == SPEAKS && s->interrupts && !s->coughs)
        caller_interrupts(s, now);
    else
        caller_ends(s, now);
}

void realtime_tick(double now)
{
    for (int i = session_count; i--;) session_tick(sessions[i], now);
}

/* --- what the client says */

static bool is_loud(const session *s, const unsigned char *audio, size_t len)
{
    if (!s->pcm24) return memchr(audio, 0x80, len);
    for (size_t i = 0; i + 1 < len; i += 2)
        if ((short)(audio[i] | audio[i + 1] << 8) > 20000) return true;
    return false;
}

/* Whether the caller's sound is here as it was said. */
static void check_sound(session *s, const unsigned char *audio, size_t len)
{
    stamp found;
    for (size_t at = 0; at + 160 <= len; at += 160) {
        bool stamped = read_stamp(audio + at, &found);
        int step = stamped ? (found.number - s->heard_frame) & 0xFFFF : 1;
        if (!stamped && s->heard_frame && !is_marker(audio + at)) count.caller_altered++;
        if (s->heard_frame && step > 0x8000) count.caller_repeated++;
        if (s->heard_frame && !step) count.caller_repeated++;
        if (s->heard_frame && step > 1 && step < 0x8000) count.caller_missing += step - 1;
        if (stamped || s->heard_frame) s->heard_frame = stamped ? found.number : s->heard_frame + 1;
    }
}

static void take_audio(session *s, const char *text, size_t len)
{
    static unsigned char audio[1 << 18];
    const char *end = text + len, *at = memmem(text, len, "\"audio\":", 8);
    if (!at || !(at = memchr(at + 8, '"', end - at - 8))) return;
    at++;
    const char *close = memchr(at, '"', end - at);
    if (!close || (size_t)(close - at) > sizeof audio) return;
    size_t size = base64_decode(at, close - at, audio);
    long ms = size / (s->pcm24 ? 48 : 8);
    line_state *line = &lines[s->line];
    s->heard_ms += ms;
    count.appends++;
    count.appended_ms += ms;
    if (!s->pcm24 && option.telephones) check_sound(s, audio, size);
    if (line->marker_sent && is_loud(s, audio, size)) {
        sample(&count.uplink, monotonic() - line->marker_sent);
        line->marker_sent = 0;
    }
}

static void configure(session *s, const char *text)
{
    const char *line = strstr(text, "Line ");
    if (line) s->line = atoi(line + 5) % MOST_LINES;
    s->pcm24 = !strstr(text, "audio/pcmu");
    lines[s->line].tells_turns = strstr(text, "\"turn_detection\":null");
    lines[s->line].spoken = -1;
    s->answers_itself = !strstr(text, "\"create_response\":false");
    tell(s, "{\"type\":\"session.updated\",\"event_id\":\"event_1\",\"session\":{\"type\":"
            "\"realtime\",\"object\":\"realtime.session\",\"id\":\"sess_1\",\"model\":\"m\"}}");
    if (s->answers_itself && !s->answer) begin_answer(s, monotonic());
}

static void take_command(session *s, const char *text)
{
    double now = monotonic();
    if (strstr(text, "\"session.update\""))
        configure(s, text);
    else if (strstr(text, "\"input_audio_buffer.commit\""))
        tell_turn(s, s->answer, "What do you have free next week?");
    else if (strstr(text, "\"conversation.item.create\""))
        lines[s->line].item_at = now;
    else if (strstr(text, "\"response.create\"")) {
        if (s->delta < 0) begin_answer(s, now);
    } else if (strstr(text, "\"response.cancel\"")) {
        if (s->delta >= 0)
            close_answer(s, "cancelled", "{\"type\":\"cancelled\",\"reason\":\"client_cancelled\"}");
    }
}

static void on_message(conn *c, int opcode, unsigned char *data, size_t len)
{
    static char text[1 << 18];
    session *s = c->owner;
    if (opcode != WS_TEXT) return;
    if (memmem(data, len < 200 ? len : 200, "input_audio_buffer.append", 25)) {
        take_audio(s, (char *)data, len);
        return;
    }
    size_t size = 0;
    for (size_t i = 0; i < len && size + 1 < sizeof text; i++) /* with or without blanks */
        if (!(data[i] == ' ' && i && (data[i - 1] == ':' || data[i - 1] == ','))) text[size++] = data[i];
    text[size] = 0;
    take_command(s, text);
}

static void on_open(conn *c)
{
    tell(c->owner, "{\"type\":\"session.created\",\"event_id\":\"event_0\",\"session\":{\"type\":"
                   "\"realtime\",\"object\":\"realtime.session\",\"id\":\"sess_1\",\"model\":\"m\"}}");
}

static void on_closed(conn *c)
{
    for (int i = 0; i < session_count; i++)
        if (sessions[i] == c->owner) sessions[i--] = sessions[--session_count];
    free(c->owner);
    c->owner = NULL;
}

static void on_accept(conn *c)
{
    if (session_count == MOST_SESSIONS) {
        drop(c);
        return;
    }
    session *s = calloc(1, sizeof *s);
    s->c = c;
    s->delta = -1;
    c->owner = s;
    c->on_bytes = websocket_bytes;
    c->on_open = on_open;
    c->on_message = on_message;
    c->on_closed = on_closed;
    sessions[session_count++] = s;
}

int realtime_start(void)
{
    unsigned char piece[PCM24_PIECE];
    for (int i = 0; i < PCM24_PIECE; i++) piece[i] = i & 1 ? 2 : i * 7;
    base64_encode(piece, PCM24_PIECE, pcm24_text);
    return serve(on_accept);
}
