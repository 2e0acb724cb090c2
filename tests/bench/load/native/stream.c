/* What happens to an answer and when: its steps, its end, and the ways in which it goes wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

enum { STEP_BYTES = 1 << 20 };

static u32 serial;

static u64 jitter(u64 most_ns)
{
    return most_ns ? (u64)(random_unit() * (double)most_ns) : 0;
}

/* When one of the slots takes a request that arrives at `received`; it is busy until the answer is
 * over. First come, first served, and a capacity that is known: slots / (ttft + frames * itl). */
static u64 taken_up(u64 received, u64 lasts_ns)
{
    static u64 free_at[SLOTS_MAX];
    u32 first = 0;
    for (u32 i = 1; i < settings.slots; i++)
        if (free_at[i] < free_at[first])
            first = i;
    u64 begins = free_at[first] > received ? free_at[first] : received;
    free_at[first] = begins + lasts_ns;
    return begins;
}

static u32 number_after(const char *body, size_t length, const char *name)
{
    const char *at = memmem(body, length, name, strlen(name));
    const char *end = body + length;
    for (at = at ? at + strlen(name) : end; at < end; at++)
        if (*at >= '0' && *at <= '9')
            return (u32)strtoul(at, NULL, 10);
        else if (!strchr("\": ", *at))
            break;
    return 0;
}

/* A request was received; its first frame is due at TTFT. */
void stream_begin(struct connection *c, const char *body, size_t length, u64 received)
{
    struct stream *s = &c->stream;
    memset(s, 0, sizeof *s);
    s->how = settings;
    s->serial = ++serial;
    s->received = received;
    s->tokens = settings.ntok;
    if (!s->tokens)
        s->tokens = number_after(body, length, "max_completion_tokens");
    if (!s->tokens)
        s->tokens = number_after(body, length, "max_tokens");
    if (!s->tokens)
        s->tokens = 16;
    s->frames = (s->tokens + settings.pack - 1) / settings.pack;
    s->prompt_tokens = (u32)(length / 5);
    s->wants_usage = memmem(body, length, "include_usage", 13) != NULL;
    s->times = settings.keep ? malloc(sizeof(u64) * s->frames) : NULL;
    if (settings.slots)
        received = taken_up(received, settings.ttft_ns + s->frames * settings.itl_ns);
    s->base = received + settings.ttft_ns + jitter(settings.ttft_jitter_ns);
    if (settings.sync && settings.itl_ns)
        s->base = (s->base / settings.itl_ns + 1) * settings.itl_ns;
    c->due = s->base;
    c->streaming = 1;
    if (++totals.open > totals.open_max)
        totals.open_max = totals.open;
    schedule_add(c);
}

static void end(struct connection *c)
{
    c->streaming = 0;
    totals.open--;
    c->closing |= c->stream.how.close || c->stream.how.plain;
    record_stream(&c->stream);
}

/* An answer with an error status and a body that says why. */
static int refuse(struct connection *c)
{
    char body[256], all[512];
    u32 status = c->stream.how.status;
    int length = sprintf(body, "{\"error\":{\"message\":\"the mock answers %u\",\"code\":%u}}",
                         status, status);
    int size = sprintf(all, "HTTP/1.1 %u X\r\ncontent-type: application/json\r\n"
                            "content-length: %d\r\n\r\n%s", status, length, body);
    end(c);
    return connection_send(c, all, (size_t)size);
}

static size_t begin_body(char *out, struct stream *s)
{
    char payload[1024];
    size_t length = frame_head(out, s);
    if (s->how.role)
        length += frame_wrap(out + length, s, payload, frame_role(payload, s), 0);
    s->role_sent = 1;
    return length;
}

static size_t end_body(char *out, struct stream *s)
{
    char payload[1024];
    size_t length = frame_wrap(out, s, payload, frame_finish(payload, s), 0);
    length += frame_wrap(out + length, s, payload, frame_usage(payload, s), 0);
    return length + frame_wrap(out + length, s, payload, frame_done(payload, s), 1);
}

static int fails_after(const struct stream *s, u32 frames)
{
    return frames && s->sent >= frames;
}

/* Token frames of one step. */
static size_t tokens(char *out, struct stream *s, u64 at)
{
    char payload[4096];
    u32 count = s->how.itl_ns || s->sent == 0 ? 1 : s->how.burst;
    size_t length = 0;
    while (count-- && s->sent < s->frames) {
        if (s->sent == 0)
            s->first = at;
        length += frame_wrap(out + length, s, payload, frame_token(payload, s, at), 0);
        if (s->times)
            s->times[s->sent] = at;
        s->sent++;
        totals.frames++;
    }
    s->last = at;
    return length;
}

/* Send what went wrong after the step, if anything did. 1: the answer is over. */
static int go_wrong(struct connection *c, char *out, size_t *length)
{
    struct stream *s = &c->stream;
    char payload[1024];
    if (fails_after(s, s->how.error) || fails_after(s, s->how.event)) {
        *length += frame_wrap(out + *length, s, payload, frame_error(payload, s), 1);
        return 1;
    }
    if (fails_after(s, s->how.truncate)) {
        c->closing = 1;
        return 1;
    }
    return 0;
}

static void plan_next(struct connection *c, u64 at)
{
    struct stream *s = &c->stream;
    if (fails_after(s, s->how.stall))
        return; /* never again; the client has to give up */
    c->due = s->how.itl_ns ? s->base + s->sent * s->how.itl_ns + jitter(s->how.itl_jitter_ns) : at;
    if (!c->out_length)
        schedule_add(c);
}

/* The stream is due. Returns -1 when the connection has to go. */
int stream_step(struct connection *c)
{
    static char out[STEP_BYTES];
    struct stream *s = &c->stream;
    schedule_remove(c);
    if (c->out_length || fails_after(s, s->how.stall))
        return 0; /* the socket is full, connection_flush goes on; or the answer stands still */
    if (s->how.status)
        return refuse(c);
    u64 at = now_ns();
    u64 late = at > c->due ? at - c->due : 0;
    if (s->how.itl_ns || s->sent == 0) {
        record_lateness(late);
        if (late > s->late_max)
            s->late_max = late;
    }
    size_t length = s->role_sent ? 0 : begin_body(out, s);
    length += tokens(out + length, s, at);
    int over = go_wrong(c, out, &length);
    if (!over && s->sent >= s->frames) {
        length += end_body(out + length, s);
        over = 1;
    }
    if (over)
        end(c);
    if (connection_send(c, out, length) < 0)
        return -1;
    if (!over) {
        plan_next(c, at);
        return 0;
    }
    if (c->out_length)
        return 0;
    return c->closing ? -1 : http_parse(c);
}
