/* The truth about what was sent: totals, one record for each answer, lateness of the server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "server.h"

struct record {
    u32 serial, tokens, sent, blocked;
    u64 received, first, last, late_max;
    u64 *times;
};

enum { LATE_BUCKETS = 20001 }; /* of 10 microseconds; the last one holds everything above 0.2 s */
static const u64 LATE_BUCKET_NS = 10000;

struct totals totals;

static struct record *records;
static size_t length, room;
static u32 late[LATE_BUCKETS];
static u64 since;
static struct rusage used_before;

/* Keeps the record of a stream and takes over its times. */
void record_stream(struct stream *s)
{
    if (length == room) {
        room = room ? 2 * room : 65536;
        records = realloc(records, room * sizeof *records);
    }
    records[length++] = (struct record){
        .serial = s->serial, .tokens = s->tokens, .sent = s->sent, .blocked = s->blocked,
        .received = s->received, .first = s->first, .last = s->last, .late_max = s->late_max,
        .times = s->times,
    };
    s->times = NULL;
}

void record_lateness(u64 late_ns)
{
    u64 bucket = late_ns / LATE_BUCKET_NS;
    late[bucket < LATE_BUCKETS ? bucket : LATE_BUCKETS - 1]++;
}

static double lateness_ms(double quantile)
{
    u64 count = 0, seen = 0;
    for (int i = 0; i < LATE_BUCKETS; i++)
        count += late[i];
    if (!count)
        return 0;
    u64 wanted = (u64)(quantile * (double)(count - 1));
    for (int i = 0; i < LATE_BUCKETS; i++) {
        seen += late[i];
        if (seen > wanted)
            return (double)i * (double)LATE_BUCKET_NS / 1e6;
    }
    return 0;
}

void records_reset(void)
{
    for (size_t i = 0; i < length; i++)
        free(records[i].times);
    length = 0;
    totals = (struct totals){.open = totals.open, .open_max = totals.open};
    memset(late, 0, sizeof late);
    since = now_ns();
    getrusage(RUSAGE_SELF, &used_before);
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double cpu_s(const struct rusage *used)
{
    return seconds(used->ru_utime) + seconds(used->ru_stime);
}

size_t records_stats(char **out)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    u64 now = now_ns();
    return (size_t)asprintf(
        out,
        "{\"connections\":%lu,\"requests\":%lu,\"frames\":%lu,\"sends\":%lu,\"bytes\":%lu,"
        "\"blocked\":%lu,\"aborted\":%lu,\"open\":%lu,\"open_max\":%lu,\"wall_s\":%.6f,"
        "\"cpu_s\":%.4f,\"late_p50_ms\":%.2f,\"late_p99_ms\":%.2f,\"late_max_ms\":%.2f,"
        "\"now_ns\":%lu}\n",
        totals.connections, totals.requests, totals.frames, totals.sends, totals.bytes,
        totals.blocked, totals.aborted, totals.open, totals.open_max,
        (double)(now - since) / 1e9, cpu_s(&used) - cpu_s(&used_before), lateness_ms(0.5),
        lateness_ms(0.99), lateness_ms(1), now);
}

/* A line for each answer: serial, tokens, frames sent, received, first, last, blocked. */
size_t records_log(char **out)
{
    size_t size = 0;
    char *text = malloc(length * 128 + 16);
    for (size_t i = 0; i < length; i++) {
        const struct record *r = records + i;
        size += (size_t)sprintf(text + size, "%u %u %u %lu %lu %lu %u\n", r->serial, r->tokens,
                                r->sent, r->received, r->first, r->last, r->blocked);
    }
    *out = text;
    return size;
}

/* For each answer with kept times: u32 serial, u32 frames, u64 send time of every frame. */
size_t records_times(char **out)
{
    size_t size = 0, needed = 16;
    for (size_t i = 0; i < length; i++)
        needed += 8 + 8 * (size_t)records[i].sent;
    char *bytes = malloc(needed);
    for (size_t i = 0; i < length; i++) {
        const struct record *r = records + i;
        if (!r->times)
            continue;
        memcpy(bytes + size, &r->serial, 4);
        memcpy(bytes + size + 4, &r->sent, 4);
        memcpy(bytes + size + 8, r->times, 8 * (size_t)r->sent);
        size += 8 + 8 * (size_t)r->sent;
    }
    *out = bytes;
    return size;
}
