/* The types of the extension: where gaps are counted, what one socket brings, who reads them all. */
#ifndef CORE_H
#define CORE_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include "frames.h"

/* ---- gaps.c */

/* Counts of one second of CLOCK_MONOTONIC. */
struct second {
    long long second; /* -1 if nothing is counted here */
    unsigned long long tokens;
    uint32_t *stall, *itl; /* a count for each bucket */
};

typedef struct {
    PyObject_HEAD
    double per_log, at_one_s, floor_s;
    int last;
    struct second recent[2]; /* arrivals of two sockets may straddle the turn of a second */
    PyObject *older;         /* {second: (tokens, {bucket: n}, {bucket: n})} */
} Gaps;

extern PyType_Spec gaps_spec;

/* Count one arrival of `tokens` tokens, `gap_s` after the one before. -1 with an exception set. */
int gaps_add(Gaps *gaps, double at_s, double gap_s, uint32_t tokens);

/* ---- stream.c */

struct buffer {
    char *at;
    size_t length, room;
};

typedef struct {
    PyObject_HEAD
    PyObject *gaps_type;
    PyObject *gaps; /* of this type; NULL before the first answer */
    int plain;   /* the next read may be counted here */
    int waiting; /* reads that were handed on and not taken in yet */
    int keeps;   /* the bytes are kept, for the text */
    double last_s;
    unsigned long frames, tokens; /* counted since the last take */
    struct buffer arrivals_s, arrivals_tokens; /* of double and long, one for each read */
    struct buffer kept;
    struct frames like;
} Stream;

extern PyType_Spec stream_spec;

PyObject *stream_new(PyObject *type, PyObject *gaps_type);

/* Count a read if it is plain: 1 if so, 0 if it has to be handed on, -1 with an exception set. */
int stream_count(Stream *stream, const char *data, size_t size, double at_s, uint32_t *frames);

/* ---- plain.c: frames.h for reads that came another way, such as through TLS */

extern PyType_Spec plain_spec;

/* ---- reader.c */

extern PyType_Spec reader_spec;

#endif
