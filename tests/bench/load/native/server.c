/* Main loop: server PORT [key=value ...]. Port 0 takes a free one; "ready PORT" says which.
 * End of file on standard input ends it, so that it never outlives who started it. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

enum { BACKLOG = 8192, ACCEPTS = 256, EVENTS = 512, STEPS = 256, TIMER_SLACK_NS = 1000 };

static int listener, epoll_fd;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int listen_on(int port)
{
    int one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof address;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, BACKLOG))
        die("listen");
    getsockname(listener, (void *)&address, &size);
    return ntohs(address.sin_port);
}

static void accept_all(void)
{
    int one = 1;
    for (int i = 0; i < ACCEPTS; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0)
            return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        connection_new(epoll_fd, fd);
    }
}

static void handle(struct connection *c, u32 events)
{
    int alive = events & (EPOLLERR | EPOLLHUP) ? -1 : 0;
    if (alive == 0 && events & EPOLLOUT)
        alive = connection_flush(c);
    if (alive == 0 && events & (EPOLLIN | EPOLLRDHUP))
        alive = connection_read(c);
    if (alive < 0)
        connection_close(c);
}

static int wait_for_events(struct epoll_event *events)
{
    struct timespec left, *timeout = NULL;
    struct connection *first = schedule_first();
    if (first) {
        u64 now = now_ns();
        u64 ns = first->due > now ? first->due - now : 0;
        left = (struct timespec){(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
        timeout = &left;
    }
    return epoll_pwait2(epoll_fd, events, EVENTS, timeout, NULL);
}

static void run_due(void)
{
    u64 now = now_ns();
    struct connection *c = schedule_first();
    for (int i = 0; c && c->due <= now && i < STEPS; i++, c = schedule_first())
        if (stream_step(c) < 0)
            connection_close(c);
}

static void loop(void)
{
    static struct epoll_event events[EVENTS];
    for (;;) {
        int count = wait_for_events(events);
        for (int i = 0; i < count; i++) {
            void *who = events[i].data.ptr;
            if (who == &listener)
                accept_all();
            else if (who == NULL)
                return; /* standard input ended */
            else
                handle(who, events[i].events);
        }
        run_due();
    }
}

static void prepare_process(void)
{
    struct rlimit files;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

int main(int count, char **words)
{
    prepare_process();
    for (int i = 2; i < count; i++)
        settings_set(words[i], " ");
    frame_prepare();
    int port = listen_on(count > 1 ? atoi(words[1]) : 0);
    epoll_fd = epoll_create1(0);
    struct epoll_event listening = {.events = EPOLLIN, .data.ptr = &listener};
    struct epoll_event parent = {.events = EPOLLIN | EPOLLHUP, .data.ptr = NULL};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &listening);
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &parent))
        die("standard input must be a pipe");
    records_reset();
    printf("ready %d\n", port);
    fflush(stdout);
    loop();
    return 0;
}
