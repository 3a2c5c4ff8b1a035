/* The Event Socket of the stand-in switch: the commands the gateway sends, and its events. */
#define _GNU_SOURCE
#include "switch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static conn *event_conn;
static char filler[8192];

/* --- events */

/* An event of about the size of a real one: 6.7 kB, 145 headers. */
void event(const call *c, const char *name, const char *format, ...)
{
    static char body[16384];
    char head[128];
    struct timespec t;
    va_list args;
    if (!event_conn) return;
    clock_gettime(CLOCK_REALTIME, &t);
    int len = snprintf(body, sizeof body,
                       "{\"Event-Name\":\"%s\",\"Event-Date-Timestamp\":\"%lld\",", name,
                       t.tv_sec * 1000000LL + t.tv_nsec / 1000);
    if (c)
        len += snprintf(body + len, sizeof body - len,
                        "\"Unique-ID\":\"%s\",\"variable_tc_owner\":\"%s\",%s", c->uuid, c->owner,
                        filler);
    va_start(args, format);
    len += vsnprintf(body + len, sizeof body - len, format, args);
    va_end(args);
    body[len++] = '}';
    int size = snprintf(head, sizeof head,
                        "Content-Length: %d\nContent-Type: text/event-json\n\n", len);
    send_bytes(event_conn, head, size);
    send_bytes(event_conn, body, len);
    count.events++;
}

void job_done(const char *job, const char *result)
{
    event(NULL, "BACKGROUND_JOB", "\"Job-UUID\":\"%s\",\"_body\":\"%s\\n\"", job, result);
}

/* --- commands */

static void copy_value(char *to, size_t size, const char *text, const char *name)
{
    const char *at = strstr(text, name);
    snprintf(to, size, "%.*s", at ? (int)strcspn(at + strlen(name), ",}'") : 0,
             at ? at + strlen(name) : "");
}

static void originate(const char *command, const char *job)
{
    char uuid[48], frame[16], *number = strrchr(command, '/');
    copy_value(uuid, sizeof uuid, command, "origination_uuid=");
    copy_value(frame, sizeof frame, command, "STREAM_BUFFER_SIZE=");
    if (!number) return;
    size_t digits = strspn(number + 1, "+0123456789");
    call *c = new_call(uuid, digits >= 4 ? atoi(number + 1 + digits - 4) % MOST_LINES : 0);
    copy_value(c->owner, sizeof c->owner, command, "tc_owner=");
    if (atoi(frame) && atoi(frame) <= 200) c->frame_ms = atoi(frame);
    snprintf(c->job, sizeof c->job, "%s", job);
    last_originate = monotonic();
    if (!count.originates++) first_originate = last_originate;
    c->due = last_originate + option.ring_ms / 1000.0;
}

static void show_channels(char *out, size_t size)
{
    size_t len = snprintf(out, size, "{\"row_count\":%d,\"rows\":[", switch_live());
    for (int i = 0; i < switch_live() && len + 1000 < size; i++) {
        const call *c = call_at(i);
        len += snprintf(out + len, size - len,
                        "%s{\"uuid\":\"%s\",\"direction\":\"outbound\",\"state\":\"CS_EXECUTE\","
                        "\"callstate\":\"%s\",\"name\":\"sofia/external/%04d\","
                        "\"application\":\"park\",\"read_codec\":\"PCMU\",\"read_rate\":\"8000\","
                        "\"write_codec\":\"PCMU\",\"write_rate\":\"8000\",\"accountcode\":\"\"}",
                        i ? "," : "", c->uuid, c->state == UP ? "ACTIVE" : "RINGING", c->line);
    }
    snprintf(out + len, size - len, "]}");
}

/* Carries out an `api` command; the answer. */
static const char *carry_out(const char *command, const char *job)
{
    static char text[1 << 22];
    const char *channel = strchr(command, ' ');
    call *c = channel && !strncmp(command, "uuid_", 5) ? find_call(channel + 1) : NULL;
    if (!strncmp(command, "show channels", 13)) {
        show_channels(text, sizeof text);
        return text;
    }
    if (!strncmp(command, "originate", 9)) originate(command, job);
    if (strncmp(command, "uuid_", 5)) return "+OK";
    if (!strncmp(command, "uuid_exists", 11)) return c ? "true" : "false";
    if (!c) return "-ERR No such channel!";
    if (!strncmp(command, "uuid_getvar", 11)) return "_undef_";
    line_state *line = &lines[c->line];
    if (!strncmp(command, "uuid_kill", 9)) hang_up(c, "NORMAL_CLEARING", 200, "send_bye");
    if (!strncmp(command, "uuid_audio_stream", 17) && strstr(command, " start "))
        start_stream(c, strstr(command, "ws://"));
    if (!strncmp(command, "uuid_break", 10)) {
        count.breaks++;
        if (line->interrupted) sample(&count.stop, monotonic() - line->interrupted);
        line->interrupted = 0;
        stop_playback(c, "break");
    }
    if (!strncmp(command, "uuid_fileman", 12)) {
        count.pauses++;
        if (line->doubted) sample(&count.pause, monotonic() - line->doubted);
        line->doubted = 0;
        c->paused = !c->paused;
    }
    return "+OK Success";
}

static void reply(conn *c, const char *format, ...)
{
    static char text[1 << 12];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    send_bytes(c, text, len);
}

static void take_command(conn *c, char *command)
{
    char job[64] = "";
    const char *name = strstr(command, "\nJob-UUID: ");
    count.commands++;
    if (name) snprintf(job, sizeof job, "%.*s", (int)strcspn(name + 11, "\n"), name + 11);
    if (!strncmp(command, "api ", 4)) {
        const char *answer = carry_out(command + 4, "");
        reply(c, "Content-Type: api/response\nContent-Length: %zu\n\n", strlen(answer));
        send_bytes(c, answer, strlen(answer));
        return;
    }
    if (!strncmp(command, "event json", 10)) event_conn = c;
    reply(c, "Content-Type: command/reply\nReply-Text: +OK Job-UUID: %s\n%s%s%s\n", job,
          *job ? "Job-UUID: " : "", job, *job ? "\n" : "");
    if (!strncmp(command, "bgapi ", 6)) {
        bool dials = !strncmp(command + 6, "originate", 9);
        const char *answer = carry_out(command + 6, job);
        if (!dials) job_done(job, answer);
    } else if (!strncmp(command, "sendmsg ", 8)) {
        call *channel = find_call(command + 8);
        const char *file = strstr(command, "execute-app-arg: ");
        if (channel && file && strstr(command, "execute-app-name: playback"))
            start_playback(channel, file + 17);
    }
}

static size_t on_bytes(conn *c, char *data, size_t len)
{
    size_t used = 0;
    char *end;
    while (!c->is_dead && (end = memmem(data + used, len - used, "\n\n", 2))) {
        *end = 0;
        take_command(c, data + used);
        used = end + 2 - data;
    }
    return used;
}

static void on_closed(conn *c)
{
    if (c == event_conn) event_conn = NULL;
}

static void on_accept(conn *c)
{
    c->on_bytes = on_bytes;
    c->on_closed = on_closed;
    reply(c, "Content-Type: auth/request\n\n");
}

int event_socket_start(void)
{
    size_t len = snprintf(filler, sizeof filler,
                          "\"Call-Direction\":\"outbound\",\"Channel-Write-Codec-Name\":\"PCMU\","
                          "\"Channel-Read-Codec-Name\":\"PCMU\",");
    for (int i = 0; i < 140; i++)
        len += snprintf(filler + len, sizeof filler - len,
                        "\"variable_some_variable_%03d\":\"yyyyyyyyyyyyy\",", i);
    return serve(on_accept);
}
