#include "core.h"

#include <string.h>

typedef struct {
    PyObject_HEAD
    unsigned int last; /* frames of the last read that was plain */
    struct frames frames;
} Plain;

/* PlainFrames(opening, running=-1): see plain_frames.py. */
static PyObject *make(PyTypeObject *type, PyObject *words, PyObject *Py_UNUSED(named))
{
    const char *opening;
    Py_ssize_t length;
    long long running = -1;
    if (!PyArg_ParseTuple(words, "y#|L", &opening, &length, &running))
        return NULL;
    Plain *plain = (Plain *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!plain)
        return NULL;
    if (frames_expect(&plain->frames, opening, (size_t)length, running))
        return (PyObject *)plain;
    Py_DECREF(plain);
    return PyErr_Format(PyExc_ValueError, "an opening has 2 to %d bytes", OPENING_MAX);
}

static PyObject *tokens(PyObject *self, PyObject *data)
{
    Plain *plain = (Plain *)self;
    struct counted counted = {0, 0};
    Py_buffer view;
    if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    if (frames_count(&plain->frames, view.buf, (size_t)view.len, &counted))
        plain->last = counted.frames;
    PyBuffer_Release(&view);
    return PyLong_FromUnsignedLong(counted.tokens);
}

static PyObject *opening(PyObject *self, void *Py_UNUSED(closure))
{
    const struct frames *f = &((Plain *)self)->frames;
    return PyBytes_FromStringAndSize(f->opening, (Py_ssize_t)f->opening_length);
}

static PyObject *running(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromLongLong(((Plain *)self)->frames.running);
}

static PyObject *frames(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromUnsignedLong(((Plain *)self)->last);
}

static void dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"tokens", tokens, METH_O, "tokens(data): what a read brings; 0 if it may be anything else."},
    {0},
};

static PyGetSetDef members[] = {
    {"opening", opening, NULL, "The field that brings text in this stream.", NULL},
    {"running", running, NULL, "Tokens so far by the usage in frames; -1 without it.", NULL},
    {"frames", frames, NULL, "Frames of the last read that was plain.", NULL},
    {0},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Counts the plain reads of one stream."},
    {Py_tp_new, make},
    {Py_tp_dealloc, dealloc},
    {Py_tp_methods, methods},
    {Py_tp_getset, members},
    {0},
};

PyType_Spec plain_spec = {"gtc_runtime.load.native.PlainFrames", sizeof(Plain), 0,
                          Py_TPFLAGS_DEFAULT, slots};
