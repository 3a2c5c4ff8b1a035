/* RFC 6455, both ends, unfragmented messages only. */
#define _GNU_SOURCE
#include "net.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char GUID[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_encode(const unsigned char *data, size_t len, char *out)
{
    char *to = out;
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t group = data[i] << 16 | (left > 1 ? data[i + 1] << 8 : 0) |
                         (left > 2 ? data[i + 2] : 0);
        *to++ = BASE64[group >> 18];
        *to++ = BASE64[group >> 12 & 63];
        *to++ = left > 1 ? BASE64[group >> 6 & 63] : '=';
        *to++ = left > 2 ? BASE64[group & 63] : '=';
    }
    *to = 0;
    return to - out;
}

size_t base64_decode(const char *text, size_t len, unsigned char *out)
{
    static signed char value[256];
    unsigned char *to = out;
    uint32_t group = 0;
    int bits = 0;
    if (!value['B'])
        for (int i = 0; i < 64; i++) value[(unsigned char)BASE64[i]] = i;
    for (size_t i = 0; i < len && text[i] != '='; i++) {
        group = group << 6 | value[(unsigned char)text[i]];
        if ((bits += 6) >= 8) *to++ = group >> (bits -= 8);
    }
    return to - out;
}

static uint32_t rotated(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void sha1_block(uint32_t h[5], const unsigned char *p)
{
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int i = 0; i < 16; i++, p += 4) w[i] = (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
    for (int i = 16; i < 80; i++) w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t f = i < 20   ? ((b & c) | (~b & d)) + 0x5A827999
                     : i < 40 ? (b ^ c ^ d) + 0x6ED9EBA1
                     : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC
                              : (b ^ c ^ d) + 0xCA62C1D6;
        uint32_t next = rotated(a, 5) + f + e + w[i];
        e = d, d = c, c = rotated(b, 30), b = a, a = next;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

/* SHA-1 of less than 120 bytes. */
static void sha1(const char *text, size_t len, unsigned char digest[20])
{
    unsigned char block[128] = {0};
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    size_t size = len < 56 ? 64 : 128;
    memcpy(block, text, len);
    block[len] = 0x80;
    block[size - 2] = len * 8 >> 8;
    block[size - 1] = len * 8;
    for (size_t at = 0; at < size; at += 64) sha1_block(h, block + at);
    for (int i = 0; i < 20; i++) digest[i] = h[i / 4] >> (24 - i % 4 * 8);
}

static void answer_handshake(conn *c, const char *head)
{
    char text[160], accept[40], reply[256];
    unsigned char digest[20];
    const char *key = strcasestr(head, "\r\nSec-WebSocket-Key:");
    if (!key) {
        drop(c);
        return;
    }
    for (key += 20; *key == ' ';) key++;
    int len = snprintf(text, 100, "%.*s%s", (int)strcspn(key, " \r"), key, GUID);
    sha1(text, len, digest);
    base64_encode(digest, 20, accept);
    len = snprintf(reply, sizeof reply,
                   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                   accept);
    send_bytes(c, reply, len);
}

void websocket_ask(conn *c, int port, const char *path)
{
    char head[1024];
    int len = snprintf(head, sizeof head,
                       "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                       path, port);
    c->on_bytes = websocket_bytes;
    send_bytes(c, head, len);
}

static size_t take_handshake(conn *c, char *data, size_t len)
{
    char *end = memmem(data, len, "\r\n\r\n", 4);
    if (!end) return 0;
    end[2] = 0;
    if (!c->is_client)
        answer_handshake(c, data);
    else if (!strstr(data, " 101 ")) {
        fprintf(stderr, "no WebSocket: %.60s\n", data);
        drop(c);
    }
    c->is_websocket = true;
    if (!c->is_dead && c->on_open) c->on_open(c);
    return end + 4 - data;
}

static void unmask(unsigned char *data, size_t len, const unsigned char *key)
{
    for (size_t i = 0; i < len; i++) data[i] ^= key[i & 3];
}

static void take_message(conn *c, int opcode, unsigned char *data, size_t len)
{
    if (opcode == WS_PING)
        websocket_send(c, WS_PONG, data, len);
    else if (opcode == WS_CLOSE)
        drop(c);
    else if (opcode != WS_PONG && c->on_message)
        c->on_message(c, opcode, data, len);
}

/* Takes one frame; returns its length, 0 when it is not all there. */
static size_t take_frame(conn *c, unsigned char *p, size_t len)
{
    if (len < 2) return 0;
    size_t size = p[1] & 127, at = 2;
    bool masked = p[1] & 128;
    int extra = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (len < at + extra + (masked ? 4 : 0)) return 0;
    if (extra)
        for (size = 0; extra--;) size = size << 8 | p[at++];
    unsigned char *key = p + at;
    if (masked) at += 4;
    if (len < at + size) return 0;
    if (masked) unmask(p + at, size, key);
    take_message(c, p[0] & 15, p + at, size);
    return at + size;
}

size_t websocket_bytes(conn *c, char *data, size_t len)
{
    size_t used = 0, step;
    if (!c->is_websocket && !(used = take_handshake(c, data, len))) return 0;
    while (!c->is_dead && (step = take_frame(c, (unsigned char *)data + used, len - used)))
        used += step;
    return used;
}

void websocket_send(conn *c, int opcode, const void *data, size_t len)
{
    static unsigned char frame[1 << 16];
    static const unsigned char key[4] = {0x37, 0xfa, 0x21, 0x3d};
    size_t at = 2;
    if (len + 14 > sizeof frame) abort();
    frame[0] = 0x80 | opcode;
    frame[1] = (c->is_client ? 0x80 : 0) | (len < 126 ? len : 126);
    if (len >= 126) frame[at++] = len >> 8, frame[at++] = len;
    if (c->is_client) memcpy(frame + at, key, 4), at += 4;
    memcpy(frame + at, data, len);
    if (c->is_client) unmask(frame + at, len, key);
    send_bytes(c, frame, at + len);
}
