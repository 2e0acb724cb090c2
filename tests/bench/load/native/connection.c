/* One TCP connection: bytes in, bytes out, what the socket did not take. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"
#include "stamp.h"

enum { READ_ROOM = 16384, KEEP_ROOM = 65536 };

static int epoll;

static void watch(struct connection *c, int operation, int for_room)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = c};
    if (for_room)
        e.events |= EPOLLOUT;
    c->waits_for_socket = for_room;
    epoll_ctl(epoll, operation, c->fd, &e);
}

struct connection *connection_new(int epoll_fd, int fd)
{
    struct connection *c = calloc(1, sizeof *c);
    epoll = epoll_fd;
    c->fd = fd;
    totals.connections++;
    stamps_wanted(fd);
    watch(c, EPOLL_CTL_ADD, 0);
    return c;
}

/* Frees it; a stream that is open was aborted by the client. */
void connection_close(struct connection *c)
{
    if (c->streaming) {
        totals.open--;
        totals.aborted++;
        free(c->stream.times);
    }
    schedule_remove(c);
    close(c->fd);
    free(c->in);
    free(c->out);
    free(c);
}

static void queue(struct connection *c, const char *bytes, size_t length)
{
    size_t needed = c->out_at + c->out_length + length;
    if (needed > c->out_room) {
        c->out_room = 2 * needed;
        c->out = realloc(c->out, c->out_room);
    }
    memcpy(c->out + c->out_at + c->out_length, bytes, length);
    c->out_length += length;
}

/* Send now or queue; -1 when the other side is gone. */
int connection_send(struct connection *c, const char *bytes, size_t length)
{
    totals.sends++;
    totals.bytes += length;
    if (c->out_length) {
        queue(c, bytes, length);
        return 0;
    }
    ssize_t sent = send(c->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN)
            return -1;
        sent = 0;
    }
    if ((size_t)sent < length) {
        totals.blocked++;
        c->stream.blocked++;
        c->out_at = 0;
        queue(c, bytes + sent, length - (size_t)sent);
        watch(c, EPOLL_CTL_MOD, 1);
    }
    return 0;
}

/* The socket has room again; -1 when the connection has to go. */
int connection_flush(struct connection *c)
{
    if (!c->out_length)
        return 0;
    ssize_t sent = send(c->fd, c->out + c->out_at, c->out_length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN ? 0 : -1;
    c->out_at += (size_t)sent;
    c->out_length -= (size_t)sent;
    if (c->out_length)
        return 0;
    c->out_at = 0;
    watch(c, EPOLL_CTL_MOD, 0);
    if (c->streaming) {
        if (!c->place)
            schedule_add(c);
        return 0;
    }
    return c->closing ? -1 : http_parse(c);
}

/* Take in what arrived; -1 when the connection has to go. */
int connection_read(struct connection *c)
{
    for (;;) {
        if (c->in_room - c->in_length < READ_ROOM) {
            c->in_room = c->in_room ? 2 * c->in_room : 2 * READ_ROOM;
            c->in = realloc(c->in, c->in_room + 1);
        }
        ssize_t got = stamped_read(
            c->fd, c->in + c->in_length, c->in_room - c->in_length, &c->arrived);
        if (got == 0)
            return -1;
        if (got < 0) {
            if (errno != EAGAIN)
                return -1;
            break;
        }
        c->in_length += (size_t)got;
        if (got < READ_ROOM)
            break;
    }
    int alive = http_parse(c);
    if (alive == 0 && !c->in_length && c->in_room > KEEP_ROOM) {
        free(c->in);
        c->in = NULL;
        c->in_room = 0;
    }
    return alive;
}
