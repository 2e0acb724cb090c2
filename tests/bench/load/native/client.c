/* The practical limit of a client on this machine: closed loop, one thread, epoll, recvmsg.
 *
 *   client PORT STREAMS REQUESTS [stamps=1] [kernel=0]
 *
 * Arrival times are the kernel's (SO_TIMESTAMPNS), or user space's with kernel=0. It looks for the
 * stamps of the mock server and parses nothing else. stamps=1 keeps the lag of every frame. One
 * JSON object goes to standard output: totals, lag quantiles, and a row for each request.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "clock.h"
#include "stamp.h"

enum { READ_ROOM = 1 << 16, TAIL_MAX = 64, EVENTS = 256, STALL_MS = 10000, DIGITS = 19 };

static const char STAMP[] = "\"content\":\" ", ID[] = "chatcmpl-", DONE[] = "[DONE]";
enum { STAMP_LENGTH = 12, ID_LENGTH = 9, DONE_LENGTH = 6, WHOLE_STAMP = STAMP_LENGTH + DIGITS };

struct row {
    u32 serial, frames;
    u64 sent, first, last;
};

struct connection {
    int fd;
    struct row row;
    char tail[TAIL_MAX]; /* the end of a read that may hold half a stamp */
    size_t tail_length;
};

static struct { int port, streams, requests, stamps, kernel; } options = {.kernel = 1};
static char request[512];
static size_t request_length;
static struct connection *connections;
static struct row *rows;
static u64 *lags;
static int started, finished;
static size_t frames, reads;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void make_request(void)
{
    static const char body[] =
        "{\"model\":\"mock\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
        "\"max_tokens\":100,\"messages\":[{\"role\":\"user\",\"content\":\"say something\"}]}";
    request_length = (size_t)snprintf(
        request, sizeof request,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        "content-length: %zu\r\n\r\n%s", sizeof body - 1, body);
}

static void connect_to_server(struct connection *c)
{
    int one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)options.port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c->fd, (void *)&address, sizeof address))
        die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (options.kernel)
        stamps_wanted(c->fd);
}

static void begin(struct connection *c)
{
    if (started == options.requests)
        return;
    started++;
    c->tail_length = 0;
    c->row = (struct row){.sent = now_ns()};
    if (send(c->fd, request, request_length, 0) != (ssize_t)request_length)
        die("send");
}

/* Bytes into `out`; the time at which they arrived into `at`. */
static ssize_t receive(int fd, char *out, u64 *at)
{
    if (options.kernel)
        return stamped_read(fd, out, READ_ROOM, at);
    ssize_t got = recv(fd, out, READ_ROOM, MSG_DONTWAIT);
    *at = now_ns();
    return got;
}

static void frame(struct connection *c, const char *bytes, const char *stamp, u64 at)
{
    u64 sent = 0;
    for (int i = 0; i < DIGITS; i++)
        sent = sent * 10 + (u64)(stamp[STAMP_LENGTH + i] - '0');
    if (!c->row.frames++) {
        const char *id = memmem(bytes, (size_t)(stamp - bytes), ID, ID_LENGTH);
        c->row.serial = id ? (u32)atoi(id + ID_LENGTH) : 0;
        c->row.first = at;
    }
    c->row.last = at;
    if (options.stamps)
        lags[frames] = at > sent ? at - sent : 0;
    frames++;
}

/* Count the frames in what arrived; 1 when the answer is over. */
static int count(struct connection *c, const char *bytes, size_t length, u64 at)
{
    const char *end = bytes + length, *behind = bytes, *stamp;
    while ((stamp = memmem(behind, (size_t)(end - behind), STAMP, STAMP_LENGTH))) {
        if (end - stamp < WHOLE_STAMP)
            break;
        frame(c, bytes, stamp, at);
        behind = stamp + WHOLE_STAMP;
    }
    if (!stamp && memmem(behind, (size_t)(end - behind), DONE, DONE_LENGTH))
        return 1;
    size_t rest = (size_t)(end - behind);
    c->tail_length = rest < WHOLE_STAMP ? rest : WHOLE_STAMP;
    memcpy(c->tail, end - c->tail_length, c->tail_length);
    return 0;
}

static void readable(struct connection *c)
{
    static char bytes[TAIL_MAX + READ_ROOM];
    u64 at;
    memcpy(bytes, c->tail, c->tail_length);
    ssize_t got = receive(c->fd, bytes + c->tail_length, &at);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0)
        die("the server closed a connection");
    reads++;
    if (count(c, bytes, c->tail_length + (size_t)got, at)) {
        rows[finished++] = c->row;
        begin(c);
    }
}

static void run(void)
{
    struct epoll_event events[EVENTS];
    int epoll = epoll_create1(0);
    for (int i = 0; i < options.streams; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = connections + i};
        connect_to_server(connections + i);
        epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &e);
    }
    for (int i = 0; i < options.streams; i++)
        begin(connections + i);
    while (finished < options.requests) {
        int got = epoll_wait(epoll, events, EVENTS, STALL_MS);
        if (got == 0) {
            fprintf(stderr, "nothing arrived for %d ms\n", STALL_MS);
            exit(1);
        }
        for (int i = 0; i < got; i++)
            readable(events[i].data.ptr);
    }
}

static int by_size(const void *a, const void *b)
{
    u64 x = *(const u64 *)a, y = *(const u64 *)b;
    return x < y ? -1 : x > y;
}

static double lag_ms(double quantile)
{
    return frames ? (double)lags[(size_t)(quantile * (double)(frames - 1))] / 1e6 : 0;
}

static void report(double wall_s)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
                   + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("{\"requests\":%d,\"frames\":%zu,\"reads\":%zu,\"wall_s\":%.4f,\"cpu_s\":%.4f,"
           "\"rss_kib\":%ld,", finished, frames, reads, wall_s, cpu_s, used.ru_maxrss);
    if (options.stamps) {
        qsort(lags, frames, sizeof *lags, by_size);
        printf("\"lag_p50_ms\":%.4f,\"lag_p99_ms\":%.4f,", lag_ms(0.5), lag_ms(0.99));
    }
    printf("\"rows\":[");
    for (int i = 0; i < finished; i++)
        printf("%s[%u,%u,%lu,%lu,%lu]", i ? "," : "", rows[i].serial, rows[i].frames, rows[i].sent,
               rows[i].first, rows[i].last);
    printf("]}\n");
}

static void read_options(int count, char **words)
{
    if (count < 4) {
        fprintf(stderr, "usage: client PORT STREAMS REQUESTS [stamps=1] [kernel=0]\n");
        exit(2);
    }
    options.port = atoi(words[1]);
    options.streams = atoi(words[2]);
    options.requests = atoi(words[3]);
    for (int i = 4; i < count; i++) {
        sscanf(words[i], "stamps=%d", &options.stamps);
        sscanf(words[i], "kernel=%d", &options.kernel);
    }
}

int main(int argument_count, char **words)
{
    read_options(argument_count, words);
    make_request();
    connections = calloc((size_t)options.streams, sizeof *connections);
    rows = calloc((size_t)options.requests, sizeof *rows);
    lags = options.stamps ? malloc(sizeof *lags * (size_t)options.requests * 1024) : NULL;
    u64 from = now_ns();
    run();
    report((double)(now_ns() - from) / 1e9);
    return 0;
}
