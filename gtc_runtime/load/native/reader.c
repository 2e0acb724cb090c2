#include "core.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

enum { EVENTS_MAX = 256, READ_SIZE = 16384, FDS_MAX = 1 << 20, CONTROL_SIZE = 128 };

typedef struct {
    PyObject_HEAD
    int epoll;
    long long clock_whole_s; /* wall clock, in which the kernel stamps, minus the monotonic one */
    long clock_ns;
    PyObject *stream_type, *gaps_type;
    PyObject **streams; /* a Stream or NULL, by the number of the socket */
    int streams_room;
    struct epoll_event events[EVENTS_MAX];
    char data[READ_SIZE];
} Reader;

/* One look at all sockets. */
struct look {
    PyObject *rest; /* what Python has to see: (fd, bytes | -errno | None, at_s) */
    unsigned int reads, coalesced;
    double oldest_s; /* 0 if nothing was counted */
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Read without waiting; when the last of it arrived goes into `at_s`. */
static ssize_t stamped_read(Reader *reader, int fd, double *at_s)
{
    _Alignas(struct cmsghdr) char control[CONTROL_SIZE];
    struct iovec room = {reader->data, READ_SIZE};
    struct msghdr message = {
        .msg_iov = &room, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CONTROL_SIZE,
    };
    ssize_t size = recvmsg(fd, &message, MSG_DONTWAIT);
    if (size > 0)
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
            if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
                struct timespec t;
                memcpy(&t, CMSG_DATA(c), sizeof t);
                *at_s = (double)(t.tv_sec - reader->clock_whole_s)
                        + (double)(t.tv_nsec - reader->clock_ns) * 1e-9;
                return size;
            }
    *at_s = now_s();
    return size < 0 ? -errno : size;
}

/* Steals `data`; -1 with an exception set. */
static int hand_on(struct look *look, int fd, PyObject *data, double at_s)
{
    PyObject *row = data ? Py_BuildValue("(iNd)", fd, data, at_s) : NULL;
    int failed = row ? PyList_Append(look->rest, row) : -1;
    Py_XDECREF(row);
    return failed;
}

static int counted_or_handed_on(Reader *reader, Stream *stream, int fd, struct look *look)
{
    double at_s;
    uint32_t frames;
    ssize_t size = stamped_read(reader, fd, &at_s);
    if (size == -EAGAIN)
        return 0;
    int counted = size > 0 ? stream_count(stream, reader->data, (size_t)size, at_s, &frames) : 0;
    if (counted < 0)
        return -1;
    if (counted) {
        look->reads++;
        look->coalesced += frames > 1;
        if (!look->oldest_s || at_s < look->oldest_s)
            look->oldest_s = at_s;
        return 0;
    }
    stream->waiting++;
    return hand_on(look, fd, size > 0 ? PyBytes_FromStringAndSize(reader->data, size)
                                      : PyLong_FromSsize_t(size), at_s);
}

static int read_one(Reader *reader, int fd, struct look *look)
{
    PyObject *stream = fd >= 0 && fd < reader->streams_room ? reader->streams[fd] : NULL;
    if (!stream)
        return 0; /* closed meanwhile */
    Py_INCREF(stream); /* a collection while we allocate may run anything, also `forget` */
    int failed = counted_or_handed_on(reader, (Stream *)stream, fd, look);
    Py_DECREF(stream);
    return failed;
}

/* look(): (sockets that had something, reads counted, those of several frames, arrival of the oldest,
 * rest), where the rest is what Python has to see: (fd, bytes | -errno | None, at_s), 0 at the end
 * of a connection, None if there is room to write. */
static PyObject *look(PyObject *self, PyObject *Py_UNUSED(none))
{
    Reader *reader = (Reader *)self;
    int found = epoll_wait(reader->epoll, reader->events, EVENTS_MAX, 0);
    if (found < 0 && errno != EINTR)
        return PyErr_SetFromErrno(PyExc_OSError);
    struct look look = {.rest = PyList_New(0)};
    int failed = look.rest ? 0 : -1;
    for (int i = 0; !failed && i < found; i++) {
        const struct epoll_event *event = reader->events + i;
        if (event->events & EPOLLOUT)
            failed = hand_on(&look, event->data.fd, Py_NewRef(Py_None), 0.0);
        else
            failed = read_one(reader, event->data.fd, &look);
    }
    if (failed) {
        Py_XDECREF(look.rest);
        return NULL;
    }
    return Py_BuildValue("(iIIdN)", found < 0 ? 0 : found, look.reads, look.coalesced,
                         look.oldest_s, look.rest);
}

static int make_room(Reader *reader, int fd)
{
    if (fd < reader->streams_room)
        return 0;
    int room = reader->streams_room ? reader->streams_room : 64;
    while (room <= fd)
        room *= 2;
    PyObject **larger = PyMem_Realloc(reader->streams, (size_t)room * sizeof *larger);
    if (!larger) {
        PyErr_NoMemory();
        return -1;
    }
    for (int i = reader->streams_room; i < room; i++)
        larger[i] = NULL;
    reader->streams = larger;
    reader->streams_room = room;
    return 0;
}

/* watch(fd): the stream of a socket from now on. */
static PyObject *watch(PyObject *self, PyObject *number)
{
    Reader *reader = (Reader *)self;
    long fd = PyLong_AsLong(number);
    if (fd == -1 && PyErr_Occurred())
        return NULL;
    if (fd < 0 || fd >= FDS_MAX)
        return PyErr_Format(PyExc_ValueError, "%ld is no number of a socket", fd);
    if (make_room(reader, (int)fd) < 0)
        return NULL;
    PyObject *stream = stream_new(reader->stream_type, reader->gaps_type), *before;
    if (!stream)
        return NULL;
    before = reader->streams[fd];
    reader->streams[fd] = Py_NewRef(stream);
    Py_XDECREF(before);
    return stream;
}

/* forget(fd): it is closed. */
static PyObject *forget(PyObject *self, PyObject *number)
{
    Reader *reader = (Reader *)self;
    long fd = PyLong_AsLong(number);
    if (fd == -1 && PyErr_Occurred())
        return NULL;
    if (fd >= 0 && fd < reader->streams_room)
        Py_CLEAR(reader->streams[fd]);
    return Py_NewRef(Py_None);
}

/* set_clock(whole_s, ns): the wall clock minus the monotonic one. */
static PyObject *set_clock(PyObject *self, PyObject *words)
{
    Reader *reader = (Reader *)self;
    if (!PyArg_ParseTuple(words, "Ll", &reader->clock_whole_s, &reader->clock_ns))
        return NULL;
    return Py_NewRef(Py_None);
}

/* Reader(epoll): reads the sockets that this epoll watches. */
static PyObject *make(PyTypeObject *type, PyObject *words, PyObject *Py_UNUSED(named))
{
    int epoll;
    PyObject *module = PyType_GetModule(type);
    if (!module || !PyArg_ParseTuple(words, "i", &epoll))
        return NULL;
    Reader *reader = (Reader *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!reader)
        return NULL;
    reader->epoll = epoll;
    reader->stream_type = PyObject_GetAttrString(module, "Stream");
    reader->gaps_type = PyObject_GetAttrString(module, "Gaps");
    if (!reader->stream_type || !reader->gaps_type)
        Py_CLEAR(reader);
    return (PyObject *)reader;
}

static void dealloc(PyObject *self)
{
    Reader *reader = (Reader *)self;
    PyTypeObject *type = Py_TYPE(self);
    for (int i = 0; i < reader->streams_room; i++)
        Py_XDECREF(reader->streams[i]);
    PyMem_Free(reader->streams);
    Py_XDECREF(reader->stream_type);
    Py_XDECREF(reader->gaps_type);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"watch", watch, METH_O, "watch(fd): the stream of a socket from now on."},
    {"forget", forget, METH_O, "forget(fd): it is closed."},
    {"set_clock", set_clock, METH_VARARGS, "set_clock(whole_s, ns): wall clock minus monotonic."},
    {"look", look, METH_NOARGS, "look(): read what has arrived, and count what is plain."},
    {0},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Reads the sockets that an epoll watches."},
    {Py_tp_new, make},
    {Py_tp_dealloc, dealloc},
    {Py_tp_methods, methods},
    {0},
};

PyType_Spec reader_spec = {"gtc_runtime.load.native.Reader", sizeof(Reader), 0, Py_TPFLAGS_DEFAULT,
                           slots};
