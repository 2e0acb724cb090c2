/* Requests: HTTP/1.1 with Content-Length, one at a time on a connection, and where they go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server.h"

static int reply(struct connection *c, int status, const char *type, const char *body, size_t size)
{
    char head[256];
    int length = sprintf(head, "HTTP/1.1 %d X\r\ncontent-type: %s\r\ncontent-length: %zu\r\n\r\n",
                         status, type, size);
    if (connection_send(c, head, (size_t)length) < 0)
        return -1;
    return size ? connection_send(c, body, size) : 0;
}

static int reply_text(struct connection *c, const char *type, const char *text)
{
    return reply(c, 200, type, text, strlen(text));
}

static int reply_made(struct connection *c, const char *type, size_t (*make)(char **))
{
    char *body;
    size_t length = make(&body);
    int alive = reply(c, 200, type, body, length);
    free(body);
    return alive;
}

static int change_settings(struct connection *c, const char *path)
{
    char pairs[512];
    const char *query = strchr(path, '?'), *end = strchr(path, ' ');
    if (query && end && query < end) {
        snprintf(pairs, sizeof pairs, "%.*s", (int)(end - query - 1), query + 1);
        settings_set(pairs, "&");
    }
    return reply_text(c, "text/plain", "ok\n");
}

static int is(const char *path, const char *route)
{
    return !strncmp(path, route, strlen(route));
}

static int get(struct connection *c, const char *path)
{
    if (is(path, "/ctl"))
        return change_settings(c, path);
    if (is(path, "/reset")) {
        records_reset();
        return reply_text(c, "text/plain", "ok\n");
    }
    if (is(path, "/stats"))
        return reply_made(c, "application/json", records_stats);
    if (is(path, "/log"))
        return reply_made(c, "text/plain", records_log);
    if (is(path, "/times"))
        return reply_made(c, "application/octet-stream", records_times);
    if (is(path, "/v1/models"))
        return reply_text(c, "application/json",
                          "{\"object\":\"list\",\"data\":[{\"id\":\"mock\",\"object\":\"model\","
                          "\"created\":1767225600,\"owned_by\":\"mock\"}]}");
    if (is(path, "/metrics"))
        return reply(c, 404, "text/plain", "", 0);
    return reply_text(c, "application/json", "{}");
}

/* The length that the head announces; the byte behind the head is put back. */
static size_t content_length(char *head, size_t length, int *closing)
{
    size_t size = 0;
    char behind = head[length];
    head[length] = 0;
    for (char *line = strchr(head, '\n'); line; line = strchr(line, '\n')) {
        line++;
        if (!strncasecmp(line, "content-length:", 15))
            size = strtoul(line + 15, NULL, 10);
        else if (!strncasecmp(line, "connection: close", 17))
            *closing = 1;
    }
    head[length] = behind;
    return size;
}

/* Handle every whole request unless an answer is under way; -1 when the connection has to go. */
int http_parse(struct connection *c)
{
    while (c->in_length && !c->streaming) {
        char *gap = memmem(c->in, c->in_length, "\r\n\r\n", 4);
        if (!gap)
            return 0;
        int closing = 0, alive = 0;
        size_t head = (size_t)(gap - c->in) + 4;
        size_t whole = head + content_length(c->in, head, &closing);
        if (c->in_length < whole)
            return 0;
        c->closing |= closing;
        if (is(c->in, "POST ")) {
            totals.requests++;
            stream_begin(c, c->in + head, whole - head, c->arrived);
        } else {
            char *path = strchr(c->in, ' ');
            alive = get(c, path ? path + 1 : "/");
        }
        memmove(c->in, c->in + whole, c->in_length - whole);
        c->in_length -= whole;
        if (alive < 0 || (c->closing && !c->streaming && !c->out_length))
            return -1;
    }
    return 0;
}
