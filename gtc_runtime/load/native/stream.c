#include "core.h"

#include <stddef.h>
#include <string.h>
#include <structmember.h>

enum { FIRST_ROOM = 512 };

/* Add bytes to a buffer, which doubles when it is full. -1 with an exception set. */
static int append(struct buffer *buffer, const void *bytes, size_t length)
{
    if (buffer->room - buffer->length < length) {
        size_t room = buffer->room ? buffer->room : FIRST_ROOM;
        while (room - buffer->length < length)
            room *= 2;
        char *larger = PyMem_Realloc(buffer->at, room);
        if (!larger) {
            PyErr_NoMemory();
            return -1;
        }
        buffer->at = larger;
        buffer->room = room;
    }
    memcpy(buffer->at + buffer->length, bytes, length);
    buffer->length += length;
    return 0;
}

static int keep(Stream *stream, const char *data, size_t size, double at_s, struct counted counted)
{
    long tokens = counted.tokens;
    if (append(&stream->arrivals_s, &at_s, sizeof at_s) < 0
        || append(&stream->arrivals_tokens, &tokens, sizeof tokens) < 0)
        return -1;
    return stream->keeps ? append(&stream->kept, data, size) : 0;
}

int stream_count(Stream *stream, const char *data, size_t size, double at_s, uint32_t *frames)
{
    struct counted counted;
    if (!stream->plain || stream->waiting || !frames_count(&stream->like, data, size, &counted)) {
        stream->plain = 0; /* until Python has seen this read and says what to expect */
        return 0;
    }
    PyObject *gaps = Py_NewRef(stream->gaps); /* see `read_one` */
    int failed = gaps_add((Gaps *)gaps, at_s, at_s - stream->last_s, counted.tokens) < 0
                 || keep(stream, data, size, at_s, counted) < 0;
    Py_DECREF(gaps);
    if (failed)
        return -1;
    stream->last_s = at_s;
    stream->frames += counted.frames;
    stream->tokens += counted.tokens;
    *frames = counted.frames;
    return 1;
}

static void empty(Stream *stream)
{
    stream->frames = stream->tokens = 0;
    stream->arrivals_s.length = stream->arrivals_tokens.length = stream->kept.length = 0;
}

/* begin(gaps, keeps): an answer comes; count its gaps there, and keep its bytes if asked to. */
static PyObject *begin(PyObject *self, PyObject *words)
{
    Stream *stream = (Stream *)self;
    PyObject *gaps, *before = stream->gaps;
    int keeps;
    if (!PyArg_ParseTuple(words, "Op", &gaps, &keeps))
        return NULL;
    if ((PyObject *)Py_TYPE(gaps) != stream->gaps_type) {
        PyErr_SetString(PyExc_TypeError, "gaps are counted in a Gaps of this extension");
        return NULL;
    }
    stream->gaps = Py_NewRef(gaps);
    Py_XDECREF(before);
    stream->keeps = keeps;
    stream->plain = 0;
    stream->last_s = 0;
    empty(stream);
    return Py_NewRef(Py_None);
}

/* expect(opening, last_s, running): frames like this come next; an empty opening: hand all on. */
static PyObject *expect(PyObject *self, PyObject *words)
{
    Stream *stream = (Stream *)self;
    const char *opening;
    Py_ssize_t length;
    double last_s;
    long long running;
    if (!PyArg_ParseTuple(words, "y#dL", &opening, &length, &last_s, &running))
        return NULL;
    stream->last_s = last_s;
    stream->plain = stream->gaps && !stream->waiting
                    && frames_expect(&stream->like, opening, (size_t)length, running);
    return Py_NewRef(Py_None);
}

static PyObject *took(PyObject *self, PyObject *Py_UNUSED(none))
{
    Stream *stream = (Stream *)self;
    if (stream->waiting > 0)
        stream->waiting--;
    return Py_NewRef(Py_None);
}

static PyObject *bytes_of(const struct buffer *buffer)
{
    return PyBytes_FromStringAndSize(buffer->length ? buffer->at : "", (Py_ssize_t)buffer->length);
}

/* take(): (frames, tokens, arrivals_s, arrivals_tokens, kept) since the last time, the last three as
 * bytes; None if nothing was counted. */
static PyObject *take(PyObject *self, PyObject *Py_UNUSED(none))
{
    Stream *stream = (Stream *)self;
    if (!stream->frames)
        return Py_NewRef(Py_None);
    PyObject *all = Py_BuildValue("(kkNNN)", stream->frames, stream->tokens,
                                  bytes_of(&stream->arrivals_s), bytes_of(&stream->arrivals_tokens),
                                  bytes_of(&stream->kept));
    if (all)
        empty(stream);
    return all;
}

PyObject *stream_new(PyObject *type, PyObject *gaps_type)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot((PyTypeObject *)type, Py_tp_alloc);
    Stream *stream = (Stream *)alloc((PyTypeObject *)type, 0);
    if (stream)
        stream->gaps_type = Py_NewRef(gaps_type);
    return (PyObject *)stream;
}

static void dealloc(PyObject *self)
{
    Stream *stream = (Stream *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyMem_Free(stream->arrivals_s.at);
    PyMem_Free(stream->arrivals_tokens.at);
    PyMem_Free(stream->kept.at);
    Py_XDECREF(stream->gaps);
    Py_XDECREF(stream->gaps_type);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"begin", begin, METH_VARARGS, "begin(gaps, keeps): an answer comes; keep its bytes?"},
    {"expect", expect, METH_VARARGS, "expect(opening, last_s, running): frames like this come."},
    {"took", took, METH_NOARGS, "A read that was handed on has been taken in."},
    {"take", take, METH_NOARGS, "What was counted since the last time; None if nothing was."},
    {0},
};

static PyMemberDef members[] = {
    {"last_s", T_DOUBLE, offsetof(Stream, last_s), READONLY, "Arrival of the latest output."},
    {0},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "What one socket brings."},
    {Py_tp_dealloc, dealloc},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {0},
};

PyType_Spec stream_spec = {
    "gtc_runtime.load.native.Stream", sizeof(Stream), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots,
};
