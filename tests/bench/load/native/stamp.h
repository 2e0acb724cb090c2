/* Reads with the time at which the kernel saw the last of the bytes arrive, on CLOCK_MONOTONIC. */
#ifndef STAMP_H
#define STAMP_H

#include <string.h>
#include <sys/socket.h>

#include "clock.h"

/* The wall clock, in which the kernel stamps, minus the monotonic one; measured every second. */
static int64_t real_minus_monotonic(void)
{
    static int64_t distance;
    static u64 measured;
    struct timespec real;
    u64 now = now_ns();
    if (!measured || now - measured > NS_PER_S) {
        clock_gettime(CLOCK_REALTIME, &real);
        measured = (now + now_ns()) / 2;
        distance = (int64_t)real.tv_sec * (int64_t)NS_PER_S + real.tv_nsec - (int64_t)measured;
    }
    return distance;
}

static int stamps_wanted(int fd)
{
    int one = 1;
    return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
}

/* Bytes into `out`, without waiting; the time at which they arrived into `at` if there are any. */
static ssize_t stamped_read(int fd, char *out, size_t size, u64 *at)
{
    char control[128];
    struct iovec room = {out, size};
    struct msghdr message = {
        .msg_iov = &room, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control,
    };
    ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
    if (got <= 0)
        return got;
    *at = now_ns();
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            *at = (u64)((int64_t)t.tv_sec * (int64_t)NS_PER_S + t.tv_nsec - real_minus_monotonic());
        }
    return got;
}

#endif
