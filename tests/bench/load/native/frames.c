/* The bytes of answers: response head, token frames, usage, errors, HTTP chunks.
 *
 * Token frames look as a Dynamo frontend sends them (about 330 bytes): those of an answer differ in
 * their text alone. The text says when it was sent: a space and CLOCK_MONOTONIC in 19 digits. The
 * id holds the serial of the answer, by which clients are joined with the log.
 */
#include <stdio.h>
#include <string.h>

#include "server.h"

#define TEXT " @@@@@@@@@@@@@@@@@@@" /* a space and 19 digits, replaced */

static char template[4096];
static size_t template_length, id_at, time_at;

static const char *line_end(const struct stream *s)
{
    return s->how.crlf ? "\r\n" : "\n";
}

static size_t event(char *out, const struct stream *s, const char *data)
{
    return (size_t)sprintf(out, "data: %s%s%s", data, line_end(s), line_end(s));
}

static void digits(char *out, u64 value, int count)
{
    while (count--) {
        out[count] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* Call after every change of settings. */
void frame_prepare(void)
{
    char pad[2001];
    memset(pad, 'x', settings.pad);
    pad[settings.pad] = 0;
    template_length = (size_t)snprintf(
        template, sizeof template,
        "data: {\"id\":\"chatcmpl-0000000\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" TEXT
        "\",\"function_call\":null,\"tool_calls\":null,\"role\":\"assistant\",\"refusal\":null,"
        "\"reasoning_content\":null},\"finish_reason\":null,\"logprobs\":null}],"
        "\"created\":1767225600,\"model\":\"mock\",\"system_fingerprint\":null,"
        "\"object\":\"chat.completion.chunk\"%s%s%s}",
        settings.pad ? ",\"pad\":\"" : "", pad, settings.pad ? "\"" : "");
    id_at = (size_t)(strstr(template, "chatcmpl-") - template) + strlen("chatcmpl-");
    time_at = (size_t)(strstr(template, TEXT) - template) + 1;
}

size_t frame_head(char *out, const struct stream *s)
{
    return (size_t)sprintf(
        out, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
             "%s%s%s\r\n",
        s->how.gzip ? "content-encoding: gzip\r\n" : "",
        s->how.close || s->how.plain ? "connection: close\r\n" : "",
        s->how.plain ? "" : "transfer-encoding: chunked\r\n");
}

size_t frame_role(char *out, const struct stream *s)
{
    char data[512];
    sprintf(data, "{\"id\":\"chatcmpl-%07u\",\"choices\":[{\"index\":0,\"delta\":{\"role\":"
                  "\"assistant\",\"content\":\"\"},\"finish_reason\":null}],\"model\":\"mock\","
                  "\"object\":\"chat.completion.chunk\"}", s->serial);
    return event(out, s, data);
}

/* Tokens in all frames up to and with the n-th. */
static u32 tokens_until(const struct stream *s, u32 n)
{
    u32 tokens = n * s->how.pack;
    return tokens < s->tokens ? tokens : s->tokens;
}

static size_t usage(char *out, const struct stream *s, u32 tokens)
{
    return (size_t)sprintf(
        out, "\"usage\":{\"prompt_tokens\":%u,\"completion_tokens\":%u,\"total_tokens\":%u}",
        s->prompt_tokens, tokens, s->prompt_tokens + tokens);
}

size_t frame_token(char *out, const struct stream *s, u64 at)
{
    size_t length = 0;
    if (s->how.ping && (s->sent + 1) % s->how.ping == 0)
        length += (size_t)sprintf(out, ": ping%s%s", line_end(s), line_end(s));
    char *frame = out + length;
    memcpy(frame, template, template_length);
    digits(frame + id_at, s->serial, 7);
    digits(frame + time_at, at, 19);
    length += template_length;
    if (s->how.usage == 2) {
        out[length - 1] = ',';
        length += usage(out + length, s, tokens_until(s, s->sent + 1));
        out[length++] = '}';
    }
    length += (size_t)sprintf(out + length, "%s%s", line_end(s), line_end(s));
    return length;
}

size_t frame_finish(char *out, const struct stream *s)
{
    char data[512];
    sprintf(data, "{\"id\":\"chatcmpl-%07u\",\"choices\":[{\"index\":0,\"delta\":{},"
                  "\"finish_reason\":\"stop\",\"logprobs\":null}],\"model\":\"mock\","
                  "\"object\":\"chat.completion.chunk\"}", s->serial);
    return event(out, s, data);
}

/* The last frame of all; empty unless it was asked for. */
size_t frame_usage(char *out, const struct stream *s)
{
    char data[512];
    if (s->how.usage != 1 || !s->wants_usage)
        return 0;
    int at = sprintf(data, "{\"id\":\"chatcmpl-%07u\",\"choices\":[],\"model\":\"mock\","
                           "\"object\":\"chat.completion.chunk\",", s->serial);
    at += (int)usage(data + at, s, s->tokens);
    strcpy(data + at, "}");
    return event(out, s, data);
}

size_t frame_done(char *out, const struct stream *s)
{
    return event(out, s, "[DONE]");
}

size_t frame_error(char *out, const struct stream *s)
{
    if (s->how.event)
        return (size_t)sprintf(out, "event: error%s: the worker is gone%s%s", line_end(s),
                               line_end(s), line_end(s));
    return event(out, s, "{\"error\":{\"message\":\"the worker is gone\",\"code\":500}}");
}

static size_t chunk(char *out, const char *payload, size_t length)
{
    if (!length)
        return 0;
    size_t at = (size_t)sprintf(out, "%zx\r\n", length);
    memcpy(out + at, payload, length);
    memcpy(out + at + length, "\r\n", 2);
    return at + length + 2;
}

/* Cut at random bytes; a few bytes wait for the next step unless this is the last. */
static size_t cut(char *out, struct stream *s, const char *payload, size_t length, int last)
{
    static char all[1 << 20];
    memcpy(all, s->held, s->held_length);
    memcpy(all + s->held_length, payload, length);
    length += s->held_length;
    s->held_length = 0;
    size_t hold = last ? 0 : (size_t)(random_unit() * CUT_HELD_MAX);
    if (hold < length) {
        length -= hold;
        memcpy(s->held, all + length, hold);
        s->held_length = hold;
    }
    size_t written = 0;
    for (size_t at = 0; at < length;) {
        size_t piece = 1 + (size_t)(random_unit() * 200);
        if (piece > length - at)
            piece = length - at;
        written += chunk(out + written, all + at, piece);
        at += piece;
    }
    return written;
}

/* Payload as it goes over the wire. */
size_t frame_wrap(char *out, struct stream *s, const char *payload, size_t length, int last)
{
    if (s->how.plain) {
        memcpy(out, payload, length);
        return length;
    }
    size_t written = s->how.cut ? cut(out, s, payload, length, last) : chunk(out, payload, length);
    if (last)
        written += (size_t)sprintf(out + written, "0\r\n\r\n");
    return written;
}
