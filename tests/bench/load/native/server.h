/* Mock of an OpenAI-compatible streaming server that knows when it sent every frame.
 *
 * One thread, one epoll. What a request gets is decided by the settings at its arrival; what was
 * sent and when is kept for GET /log and GET /times. See settings.c for all that can be asked for.
 */
#ifndef SERVER_H
#define SERVER_H

#include <stddef.h>

#include "clock.h"

struct settings {
    u64 ttft_ns, ttft_jitter_ns; /* from request to first frame; jitter is uniform and adds */
    u64 itl_ns, itl_jitter_ns;   /* between frames; 0 sends as fast as it can */
    u32 ntok;                    /* tokens of an answer; 0 takes max_tokens of the request */
    u32 pack;                    /* tokens in one frame */
    u32 burst;                   /* frames in one send() when itl is 0 */
    u32 sync;                    /* all streams step on one global tick, as a batch does */
    u32 pad;                     /* additional bytes in a frame */
    u32 slots;                   /* answers at a time, later requests wait; 0 for any number */
    u32 keep;                    /* remember every send time for /times */
    u32 role;                    /* an empty frame with the role comes first */
    u32 usage;                   /* 0 never, 1 in a last frame if asked for, 2 in every frame */
    u32 close;                   /* Connection: close after the answer */
    u32 plain;                   /* no chunked encoding: the body ends when the connection does */
    u32 cut;                     /* cut frames at random bytes, over HTTP chunks and sends */
    u32 crlf;                    /* lines end with CR LF */
    u32 ping;                    /* a comment before every n-th frame */
    u32 gzip;                    /* claim Content-Encoding: gzip */
    u32 stall, error, event, truncate; /* after n frames: stand still, report an error as data or
                                          as an event, close the connection; 0 never */
    u32 status;                  /* answer with this status and an error body; 0 streams */
};

enum { SLOTS_MAX = 1024 };
enum { CUT_HELD_MAX = 64 }; /* most bytes that a cut holds back until the next step */

/* One answer under way. */
struct stream {
    struct settings how;
    u32 serial;            /* number of the request, in every frame */
    u32 frames, sent;      /* frames of the whole answer, frames sent so far */
    u32 tokens;            /* output tokens of the whole answer */
    u32 prompt_tokens;     /* what usage will say */
    int wants_usage, role_sent;
    u64 base;              /* when the first frame is due */
    u64 received, first, last, late_max; /* CLOCK_MONOTONIC; late_max is a duration */
    u32 blocked;           /* sends that the socket did not take whole */
    u64 *times;            /* send time of every frame, when kept */
    char held[CUT_HELD_MAX];
    size_t held_length;
};

struct connection {
    int fd;
    int streaming, closing, waits_for_socket;
    char *in;              /* bytes received and not yet parsed */
    size_t in_length, in_room;
    u64 arrived;           /* the last of them, by the kernel: we may be late ourselves */
    char *out;             /* bytes that the socket did not take yet */
    size_t out_at, out_length, out_room;
    u64 due;               /* next step of the stream */
    int place;             /* in the schedule; 0 when it is not there */
    struct stream stream;
};

/* settings.c */
extern struct settings settings;
void settings_set(char *pairs, const char *separators);

/* schedule.c: connections by due time */
void schedule_add(struct connection *c);
void schedule_remove(struct connection *c);
struct connection *schedule_first(void);
double random_unit(void);

/* frames.c: the bytes of answers */
size_t frame_head(char *out, const struct stream *s);
size_t frame_role(char *out, const struct stream *s);
size_t frame_token(char *out, const struct stream *s, u64 at);
size_t frame_finish(char *out, const struct stream *s);
size_t frame_usage(char *out, const struct stream *s);
size_t frame_done(char *out, const struct stream *s);
size_t frame_error(char *out, const struct stream *s);
size_t frame_wrap(char *out, struct stream *s, const char *payload, size_t length, int last);
void frame_prepare(void);

/* stream.c: what happens when. Returns -1 when the connection has to go. */
void stream_begin(struct connection *c, const char *body, size_t length, u64 received);
int stream_step(struct connection *c);

/* records.c: the truth */
void record_stream(struct stream *s);
void record_lateness(u64 late_ns);
void records_reset(void);
size_t records_stats(char **out);
size_t records_log(char **out);
size_t records_times(char **out);
struct totals {
    u64 connections, requests, frames, sends, bytes, blocked, aborted, open, open_max;
};
extern struct totals totals;

/* http.c: requests in, routes. Returns -1 when the connection has to go. */
int http_parse(struct connection *c);

/* connection.c */
struct connection *connection_new(int epoll_fd, int fd);
void connection_close(struct connection *c);
int connection_send(struct connection *c, const char *bytes, size_t length);
int connection_flush(struct connection *c);
int connection_read(struct connection *c);

#endif
