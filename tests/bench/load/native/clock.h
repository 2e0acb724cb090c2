/* CLOCK_MONOTONIC in nanoseconds: the one clock of server, clients and runner. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

typedef uint64_t u64;
typedef uint32_t u32;

#define NS_PER_S 1000000000ull
#define NS_PER_MS 1000000ull

static inline u64 now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * NS_PER_S + (u64)t.tv_nsec;
}

#endif
