#define _GNU_SOURCE
#include "telephones.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MOST_TELEPHONES 2000
#define ANNOUNCEMENT_SECONDS 1.0
#define RESEND_SECONDS 0.5
#define MOST_RESENT 8

line_facts facts[MOST_LINES];

static telephone *telephones[MOST_TELEPHONES];
static int telephone_count, sip_port;
static conn *sip;

int telephones_live(void)
{
    int talking = 0;
    for (int i = 0; i < telephone_count; i++) talking += telephones[i]->stage == TALKS;
    return talking;
}

static void transmit(const struct sockaddr_in *peer, const char *text, size_t len)
{
    sendto(sip->fd, text, len, 0, (const void *)peer, sizeof *peer);
}

static void respond(const struct sockaddr_in *peer, const char *request, int code, const char *reason,
                    const telephone *t, bool with_sound)
{
    char text[SIP_MOST], sdp[400];
    struct sockaddr_in own;
    socklen_t size = sizeof own;
    if (with_sound) {
        getsockname(t->rtp.c->fd, (void *)&own, &size);
        write_sdp(sdp, sizeof sdp, ntohs(own.sin_port));
    }
    transmit(peer, text, write_response(text, request, code, reason, t ? t->tag : "0", sip_port,
                                        with_sound ? sdp : NULL));
}

static void request(telephone *t, const char *method)
{
    char text[SIP_MOST];
    if (strcmp(method, "ACK")) t->sequence++;
    transmit(&t->peer, text, write_request(text, t, method, sip_port, NULL));
}

static telephone *find_telephone(const char *message)
{
    char id[128];
    header(message, "Call-ID", id, sizeof id);
    for (int i = 0; i < telephone_count; i++)
        if (!strcmp(telephones[i]->call_id, id)) return telephones[i];
    return NULL;
}

static telephone *of_line(int line)
{
    for (int i = telephone_count; i--;)
        if (telephones[i]->line == line && telephones[i]->stage != GONE) return telephones[i];
    return NULL;
}

static telephone *new_telephone(int line, const struct sockaddr_in *peer, double now)
{
    if (telephone_count == MOST_TELEPHONES) return NULL;
    telephone *t = calloc(1, sizeof *t);
    t->line = line % MOST_LINES;
    t->peer = *peer;
    t->fate = '5';
    snprintf(t->tag, sizeof t->tag, "t%d%ld", line, (long)(now * 1e6));
    facts[t->line] = (line_facts){.invited = now};
    open_sound(t, now);
    return telephones[telephone_count++] = t;
}

static void bury(int index)
{
    telephone *t = telephones[index];
    close_sound(t);
    free(t->invite);
    free(t);
    telephones[index] = telephones[--telephone_count];
}

static void ends(telephone *t, char by, double now)
{
    if (t->stage == GONE) return;
    t->stage = GONE;
    t->due = now + 5; /* kept for what is sent again */
    facts[t->line].ended = now;
    facts[t->line].ended_by = by;
}

/* --- calls that come */

static void invited(const char *message, const struct sockaddr_in *peer, double now)
{
    const char *user = strstr(message, "sip:") + 4;
    size_t digits = strspn(user, "+0123456789");
    telephone *t = new_telephone(digits >= 7 ? atoi(user + digits - 4) : 0, peer, now);
    char contact[300];
    if (!t) {
        respond(peer, message, 503, "Service Unavailable", NULL, false);
        return;
    }
    if (digits >= 7) t->fate = user[digits - 7];
    t->invite = strdup(message);
    header(message, "Call-ID", t->call_id, sizeof t->call_id);
    header(message, "Contact", contact, sizeof contact);
    if (*contact == '<')
        snprintf(t->target, sizeof t->target, "%.*s", (int)strcspn(contact + 1, ">"), contact + 1);
    aim_sound(t, message);
    t->due = now + (t->fate == '6' ? ANNOUNCEMENT_SECONDS : option.ring_ms / 1000.0);
    if (t->fate == '6') {
        facts[t->line].announced = now;
        respond(peer, message, 183, "Session Progress", t, true);
    } else
        respond(peer, message, 180, "Ringing", t, false);
    count.originates++;
}

static void rings(telephone *t, double now)
{
    if (t->is_caller || now < t->due || t->fate == '2') return;
    if (t->fate == '4' || t->fate == '3') {
        bool busy = t->fate == '4';
        respond(&t->peer, t->invite, busy ? 486 : 603, busy ? "Busy Here" : "Decline", t, false);
        ends(t, 'R', now);
        return;
    }
    t->stage = TALKS;
    t->was_answered = true;
    t->again = now + RESEND_SECONDS;
    facts[t->line].answered = now;
    count.answered++;
    respond(&t->peer, t->invite, 200, "OK", t, true);
}

static void take_request(char *message, const struct sockaddr_in *peer, double now)
{
    telephone *t = find_telephone(message);
    if (!strncmp(message, "INVITE ", 7)) {
        if (!t)
            invited(message, peer, now);
        else if (t->stage == TALKS)
            respond(peer, message, 200, "OK", t, true);
    } else if (!strncmp(message, "ACK ", 4)) {
        if (t) t->again = 0;
    } else if (!strncmp(message, "CANCEL ", 7)) {
        respond(peer, message, 200, "OK", t, false);
        if (!t || t->stage != RINGS) return;
        respond(&t->peer, t->invite, 487, "Request Terminated", t, false);
        ends(t, 'C', now);
    } else {
        respond(peer, message, 200, "OK", t, false);
        if (t && !strncmp(message, "BYE ", 4)) ends(t, 'B', now);
    }
}

/* --- calls that we make */

void telephone_calls(int line, const char *number, int port)
{
    char text[SIP_MOST], sdp[400];
    struct sockaddr_in own, peer = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t size = sizeof own;
    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    telephone *t = new_telephone(line, &peer, monotonic());
    if (!t) return;
    t->is_caller = true;
    t->sequence = 1;
    snprintf(t->call_id, sizeof t->call_id, "%s@telephones", t->tag);
    snprintf(t->target, sizeof t->target, "sip:%s@127.0.0.1:%d", number, port);
    if (asprintf(&t->invite, "\r\nFrom: <sip:+1415555%04d@127.0.0.1>;tag=%s\r\nTo: <%s>\r\n\r\n",
                 line % 10000, t->tag, t->target) < 0)
        abort();
    getsockname(t->rtp.c->fd, (void *)&own, &size);
    write_sdp(sdp, sizeof sdp, ntohs(own.sin_port));
    transmit(&peer, text, write_request(text, t, "INVITE", sip_port, sdp));
}

static void take_response(const char *message, double now)
{
    telephone *t = find_telephone(message);
    char to[300], contact[300], method[64];
    int code = atoi(message + 8);
    header(message, "CSeq", method, sizeof method);
    if (!t || !t->is_caller || !strstr(method, "INVITE") || code < 200) return;
    header(message, "To", to, sizeof to);
    snprintf(t->route, sizeof t->route, "%s", strstr(to, ";tag=") ? strstr(to, ";tag=") : "");
    header(message, "Contact", contact, sizeof contact);
    if (code < 300 && *contact == '<')
        snprintf(t->target, sizeof t->target, "%.*s", (int)strcspn(contact + 1, ">"), contact + 1);
    request(t, "ACK");
    if (t->stage != RINGS) return;
    facts[t->line].status = code;
    if (code >= 300) {
        ends(t, 'R', now);
        return;
    }
    aim_sound(t, message);
    t->stage = TALKS;
    t->was_answered = true;
    facts[t->line].answered = now;
}

/* --- commands */

void telephone_presses(int line, const char *keys)
{
    telephone *t = of_line(line);
    if (t) snprintf(t->rtp.keys, sizeof t->rtp.keys, "%s", keys);
}

void telephone_hangs_up(int line)
{
    telephone *t = of_line(line);
    if (!t || t->stage != TALKS) return;
    request(t, "BYE");
    ends(t, 'W', monotonic());
}

void line_json(int line)
{
    const line_facts *f = &facts[line % MOST_LINES];
    printf("{\"invited\":%.4f,\"answered\":%.4f,\"announced\":%.4f,\"first_voice\":%.4f,"
           "\"last_voice\":%.4f,\"ended\":%.4f,\"ended_by\":\"%c\",\"keys\":\"%s\",\"status\":%d,"
           "\"item_at\":%.4f,\"person\":%.4f,\"longest_silence\":%.3f}\n",
           f->invited, f->answered, f->announced, f->first_voice, f->last_voice, f->ended,
           f->ended_by ? f->ended_by : '-', f->keys, f->status, lines[line % MOST_LINES].item_at,
           f->person, f->longest_silence);
    fflush(stdout);
}

void forget_silences(void)
{
    for (int i = 0; i < MOST_LINES; i++) facts[i].longest_silence = 0;
}

/* --- the loop */

static void on_datagrams(conn *c)
{
    for (;;) {
        char message[SIP_MOST];
        struct sockaddr_in peer;
        socklen_t size = sizeof peer;
        ssize_t len = recvfrom(c->fd, message, sizeof message - 1, MSG_DONTWAIT, (void *)&peer, &size);
        if (len < 0) return;
        message[len] = 0;
        if (len < 12) continue;
        if (!strncmp(message, "SIP/2.0 ", 8))
            take_response(message, monotonic());
        else
            take_request(message, &peer, monotonic());
    }
}

static void answer_again(telephone *t, double now)
{
    if (!t->again || now < t->again || t->stage != TALKS) return;
    respond(&t->peer, t->invite, 200, "OK", t, true);
    t->again = ++t->resent < MOST_RESENT ? now + RESEND_SECONDS : 0;
}

void telephones_tick(double now)
{
    for (int i = telephone_count; i--;) {
        telephone *t = telephones[i];
        if (t->stage == GONE) {
            if (now > t->due) bury(i);
            continue;
        }
        if (t->stage == RINGS) rings(t, now);
        answer_again(t, now);
        if (t->stage == TALKS || t->fate == '6') sound_tick(t, now);
    }
}

int telephones_start(int port)
{
    sip_port = open_udp(port, &sip);
    sip->on_readable = on_datagrams;
    return sip_port;
}
