/* The fast way to count: recognises a read that holds nothing but ordinary token frames.
 *
 * It knows no Python, no sockets and no time. The answer is "not plain" for anything that is not
 * surely like that, and the exact parser then takes the same bytes: this may be incomplete, but
 * never wrong. Quotes inside JSON strings are escaped, so a search for a field finds the field.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include <stddef.h>
#include <stdint.h>

enum { OPENING_MAX = 40, FRAME_MAX = 1024, NUMBERS_MAX = 2 };

/* A run of digits in a frame that differs from frame to frame. */
struct number {
    uint32_t at, length;
};

/* What is known about the frames of one stream. */
struct frames {
    char opening[OPENING_MAX]; /* the field that brings text, such as "content":" */
    uint32_t opening_length;
    int64_t running;           /* tokens by the usage of the frame before; -1 if frames bring none */
    /* The last plain frame: its text is [text, after), and behind it may be numbers. */
    uint32_t length, text, after, numbers_length;
    struct number numbers[NUMBERS_MAX];
    uint32_t usage; /* which of them is the running usage */
    char frame[FRAME_MAX];
};

struct counted {
    uint32_t frames, tokens;
};

/* Begin to count frames whose text comes behind `opening`. 0 if that is too long. */
int frames_expect(struct frames *f, const char *opening, size_t length, int64_t running);

/* Whether a read is whole chunks of plain frames; then, and only then, `out` and `f` say how many. */
int frames_count(struct frames *f, const char *data, size_t size, struct counted *out);

#endif
