#include "frames.h"

#include <string.h>

#define LITERAL(text) (text), (sizeof(text) - 1)

enum { SIZE_DIGITS_MAX = 7, NUMBER_DIGITS_MAX = 9 };

static const char COMPLETION[] = "\"completion_tokens\"", TOTAL[] = "\"total_tokens\"";

/* A piece of a read. */
struct piece {
    const char *at, *end;
};

static size_t length_of(struct piece p)
{
    return (size_t)(p.end - p.at);
}

static const char *find(struct piece p, const char *what, size_t length)
{
    return memmem(p.at, length_of(p), what, length);
}

static int has(struct piece p, const char *what, size_t length)
{
    return find(p, what, length) != NULL;
}

/* Where `what` begins, if it is there exactly once; else NULL. */
static const char *find_once(struct piece p, const char *what, size_t length)
{
    const char *at = find(p, what, length);
    if (!at || has((struct piece){at + 1, p.end}, what, length))
        return NULL;
    return at;
}

/* Behind the last character of a string whose first is at `p.at`: its quote. NULL without one, and
 * with a carriage return, which ends a line even behind a backslash. */
static const char *string_end(struct piece p)
{
    while (p.at < p.end && *p.at != '"' && *p.at != '\r')
        p.at += *p.at == '\\' && p.at + 1 < p.end && p.at[1] != '\r' ? 2 : 1;
    return p.at < p.end && *p.at == '"' ? p.at : NULL;
}

/* The digits at `p.at` as a number, -1 without any; `*behind` is what follows them. */
static int64_t number_at(struct piece p, const char **behind)
{
    int64_t value = 0;
    const char *at = p.at;
    for (; at < p.end && at - p.at < NUMBER_DIGITS_MAX && *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (*at - '0');
    *behind = at;
    if (at == p.at || (at < p.end && *at >= '0' && *at <= '9'))
        return -1;
    return value;
}

int frames_expect(struct frames *f, const char *opening, size_t length, int64_t running)
{
    if (length < 2 || length > OPENING_MAX)
        return 0;
    if (f->opening_length != length || memcmp(f->opening, opening, length)
        || (f->running < 0) != (running < 0)) {
        memcpy(f->opening, opening, length);
        f->opening_length = (uint32_t)length;
        f->length = 0;
    }
    f->running = running;
    return 1;
}

/* The frame is the last one but for its text and its numbers. `*running` is its usage then. */
static int like_the_last(const struct frames *f, struct piece p, int64_t *running)
{
    if (!f->length || length_of(p) <= f->text || memcmp(p.at, f->frame, f->text))
        return 0;
    const char *text = p.at + f->text, *at = string_end((struct piece){text, p.end});
    if (!at || at == text)
        return 0;
    uint32_t known = f->after;
    for (uint32_t i = 0; i <= f->numbers_length; i++) {
        uint32_t until = i < f->numbers_length ? f->numbers[i].at : f->length;
        size_t alike = until - known;
        if ((size_t)(p.end - at) < alike || memcmp(at, f->frame + known, alike))
            return 0;
        at += alike;
        if (i == f->numbers_length)
            break;
        int64_t number = number_at((struct piece){at, p.end}, &at);
        if (number < 0)
            return 0;
        if (i == f->usage)
            *running = number;
        known = until + f->numbers[i].length;
    }
    return at == p.end;
}

/* The digits behind a field that is there once; 0 if there are none. */
static int number_of(struct piece p, const char *field, size_t length, struct piece *digits)
{
    const char *at = find_once(p, field, length);
    if (!at || at + length >= p.end || at[length] != ':')
        return 0;
    digits->at = at + length + 1;
    return number_at((struct piece){digits->at, p.end}, &digits->end) >= 0;
}

/* The running usage behind the text, and the sum that grows with it, if there is one. 0 if there is
 * no usage where it should be, or one where it should not. */
static int usage_of(const struct frames *f, struct piece p, const char *after,
                    struct piece *usage, struct piece *total)
{
    const struct piece none = {NULL, NULL}, tail = {after, p.end};
    *usage = *total = none;
    if (f->running < 0)
        return !has(p, LITERAL(COMPLETION));
    if (!find_once(p, LITERAL(COMPLETION)) || !number_of(tail, LITERAL(COMPLETION), usage))
        return 0;
    if (!number_of(tail, LITERAL(TOTAL), total))
        *total = none;
    return 1;
}

static void remember(struct frames *f, struct piece p, const char *text, const char *after,
                     struct piece usage, struct piece total)
{
    struct piece numbers[] = {usage, total};
    f->length = 0;
    if (length_of(p) > FRAME_MAX)
        return; /* each is searched, then */
    memcpy(f->frame, p.at, length_of(p));
    f->length = (uint32_t)length_of(p);
    f->text = (uint32_t)(text - p.at);
    f->after = (uint32_t)(after - p.at);
    f->usage = usage.at && total.at && total.at < usage.at;
    if (f->usage) {
        numbers[0] = total;
        numbers[1] = usage;
    }
    f->numbers_length = 0;
    for (uint32_t i = 0; i < NUMBERS_MAX && numbers[i].at; i++)
        f->numbers[f->numbers_length++] = (struct number){(uint32_t)(numbers[i].at - p.at),
                                                          (uint32_t)length_of(numbers[i])};
}

/* It is no choice of an answer, holds an error in one of its forms, or a line end. */
static int is_odd(struct piece p)
{
    return !has(p, LITERAL("\"choices\"")) || memchr(p.at, '\r', length_of(p))
           || has(p, LITERAL("\"error\""))
           || has(p, LITERAL("\"errors\"")) || has(p, LITERAL("\"message\""))
           || has(p, LITERAL("\"detail\""));
}

/* Search a frame for all that makes it plain, and learn how it looks. */
static int search(struct frames *f, struct piece p, int64_t *running)
{
    const char *field = find_once(p, f->opening, f->opening_length - 1); /* without its quote */
    if (!field || length_of((struct piece){field, p.end}) <= f->opening_length
        || memcmp(field, f->opening, f->opening_length))
        return 0;
    const char *text = field + f->opening_length, *after = string_end((struct piece){text, p.end});
    const char *finish = find_once(p, LITERAL("\"finish_reason\""));
    struct piece null = {finish ? finish + sizeof("\"finish_reason\"") - 1 : p.end, p.end};
    if (!after || after == text || length_of(null) < 5 || memcmp(null.at, ":null", 5) || is_odd(p))
        return 0;
    struct piece usage, total;
    if (!usage_of(f, p, after, &usage, &total))
        return 0;
    if (usage.at)
        *running = number_at(usage, &usage.end);
    remember(f, p, text, after, usage, total);
    return 1;
}

/* One event: a line `data: {...}` and an empty line. Behind it, or NULL if it is not plain. */
static const char *event(struct frames *f, struct piece p, struct counted *out)
{
    const char *line_end = memchr(p.at, '\n', length_of(p));
    if (!line_end || line_end + 1 >= p.end || line_end[1] != '\n')
        return NULL;
    struct piece line = {p.at, line_end};
    int64_t running = -1;
    if (!like_the_last(f, line, &running)) {
        if (length_of(line) < 9 || memcmp(line.at, "data: {", 7) || line_end[-1] != '}'
            || !search(f, line, &running))
            return NULL;
    }
    out->frames++;
    if (f->running < 0) {
        out->tokens++;
    } else {
        if (running <= f->running)
            return NULL;
        out->tokens += (uint32_t)(running - f->running);
        f->running = running;
    }
    return line_end + 2;
}

/* The payload of the chunk that begins at `p.at`; its `at` is NULL if it is not all there. */
static struct piece chunk(struct piece p)
{
    size_t size = 0;
    int digits = 0;
    const struct piece none = {NULL, NULL};
    for (; p.at < p.end && digits < SIZE_DIGITS_MAX; p.at++, digits++) {
        char c = *p.at;
        if (c >= '0' && c <= '9')
            size = size * 16 + (size_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            size = size * 16 + (size_t)((c | 32) - 'a' + 10);
        else
            break;
    }
    if (!digits || !size || length_of(p) < size + 4 || memcmp(p.at, "\r\n", 2)
        || memcmp(p.at + 2 + size, "\r\n", 2))
        return none;
    return (struct piece){p.at + 2, p.at + 2 + size};
}

int frames_count(struct frames *f, const char *data, size_t size, struct counted *out)
{
    struct piece all = {data, data + size};
    struct counted counted = {0, 0};
    int64_t running = f->running;
    while (all.at < all.end) {
        struct piece payload = chunk(all);
        while (payload.at && payload.at < payload.end)
            payload.at = event(f, payload, &counted);
        if (!payload.at) {
            f->running = running;
            return 0;
        }
        all.at = payload.end + 2;
    }
    *out = counted;
    return counted.frames > 0;
}
