/* The text of SIP messages, as much of it as one switch on loopback needs. */
#define _GNU_SOURCE
#include "telephones.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *find_header(const char *message, const char *name, size_t *len)
{
    size_t size = strlen(name);
    for (const char *line = strstr(message, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        if (!strncmp(line, "\r\n", 2)) return NULL;
        if (strncasecmp(line, name, size) || line[size] != ':') continue;
        line += size + 1 + strspn(line + size + 1, " ");
        *len = strcspn(line, "\r");
        return line;
    }
    return NULL;
}

bool header(const char *message, const char *name, char *out, size_t size)
{
    size_t len = 0;
    const char *value = find_header(message, name, &len);
    snprintf(out, size, "%.*s", (int)len, value ? value : "");
    return value != NULL;
}

void write_sdp(char *out, size_t size, int rtp_port)
{
    snprintf(out, size,
             "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
             "m=audio %d RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
             "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n", rtp_port);
}

static size_t add(char *out, size_t len, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    len += vsnprintf(out + len, SIP_MOST - len, format, args);
    va_end(args);
    return len;
}

static size_t add_body(char *out, size_t len, int port, const char *sdp)
{
    len = add(out, len, "Contact: <sip:telephone@127.0.0.1:%d>\r\n", port);
    if (sdp) len = add(out, len, "Content-Type: application/sdp\r\n");
    return add(out, len, "Content-Length: %zu\r\n\r\n%s", sdp ? strlen(sdp) : 0, sdp ? sdp : "");
}

size_t write_response(char *out, const char *request, int code, const char *reason, const char *tag,
                      int port, const char *sdp)
{
    static const char *const copied[] = {"Via", "Record-Route", "From", "Call-ID", "CSeq"};
    char value[1024];
    size_t len = add(out, 0, "SIP/2.0 %d %s\r\n", code, reason);
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        if (header(request, copied[i], value, sizeof value))
            len = add(out, len, "%s: %s\r\n", copied[i], value);
    header(request, "To", value, sizeof value);
    bool tagged = strstr(value, ";tag=");
    len = add(out, len, "To: %s%s%s\r\n", value, tagged ? "" : ";tag=", tagged ? "" : tag);
    return add_body(out, len, port, sdp);
}

/* A request of ours: in the dialog of a call that came, or of one that we make. */
size_t write_request(char *out, const telephone *t, const char *method, int port, const char *sdp)
{
    char near[1024], far[1024];
    header(t->invite, t->is_caller ? "From" : "To", near, sizeof near);
    header(t->invite, t->is_caller ? "To" : "From", far, sizeof far);
    size_t len = add(out, 0,
                     "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%s%d\r\n"
                     "Max-Forwards: 70\r\nFrom: %s%s%s\r\nTo: %s%s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n",
                     method, t->target, port, t->tag, t->sequence, near,
                     t->is_caller ? "" : ";tag=", t->is_caller ? "" : t->tag, far, t->route,
                     t->call_id, t->sequence, method);
    return add_body(out, len, port, sdp);
}
