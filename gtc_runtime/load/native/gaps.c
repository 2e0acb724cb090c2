#include "core.h"

#include <math.h>

enum { BUCKETS_MAX = 100000 };

static int bucket_of(const Gaps *gaps, double value_s)
{
    if (!(value_s > gaps->floor_s))
        return 0;
    double index = log(value_s) * gaps->per_log + gaps->at_one_s;
    return index < gaps->last ? (int)index : gaps->last;
}

/* {bucket: n} of the buckets that hold something; they are empty afterwards. */
static PyObject *taken(uint32_t *counts, int buckets)
{
    PyObject *found = PyDict_New();
    for (int i = 0; found && i < buckets; i++) {
        if (!counts[i])
            continue;
        PyObject *key = PyLong_FromLong(i), *count = PyLong_FromUnsignedLong(counts[i]);
        if (!key || !count || PyDict_SetItem(found, key, count) < 0)
            Py_CLEAR(found);
        Py_XDECREF(key);
        Py_XDECREF(count);
        counts[i] = 0;
    }
    return found;
}

/* Add counts to those of the same second that were put aside before: `into` += `counts`. */
static int merge(PyObject *into, PyObject *counts)
{
    PyObject *key, *count;
    Py_ssize_t at = 0;
    while (PyDict_Next(counts, &at, &key, &count)) {
        PyObject *before = PyDict_GetItemWithError(into, key), *sum;
        if (!before && PyErr_Occurred())
            return -1;
        sum = before ? PyNumber_Add(before, count) : Py_NewRef(count);
        if (!sum || PyDict_SetItem(into, key, sum) < 0) {
            Py_XDECREF(sum);
            return -1;
        }
        Py_DECREF(sum);
    }
    return 0;
}

static PyObject *with_older(PyObject *older, PyObject *newer)
{
    PyObject *tokens = PyNumber_Add(PyTuple_GetItem(older, 0), PyTuple_GetItem(newer, 0));
    PyObject *stall = PyTuple_GetItem(older, 1), *itl = PyTuple_GetItem(older, 2);
    if (!tokens || merge(stall, PyTuple_GetItem(newer, 1)) < 0
        || merge(itl, PyTuple_GetItem(newer, 2)) < 0) {
        Py_XDECREF(tokens);
        return NULL;
    }
    return Py_BuildValue("(NOO)", tokens, stall, itl);
}

/* Put a second aside and free its slot. */
static int put_aside(Gaps *gaps, struct second *slot)
{
    if (slot->second < 0)
        return 0;
    PyObject *stall = taken(slot->stall, gaps->last + 1), *itl = taken(slot->itl, gaps->last + 1);
    PyObject *key = PyLong_FromLongLong(slot->second), *value = NULL;
    int failed = -1;
    if (stall && itl && key)
        value = Py_BuildValue("(KOO)", slot->tokens, stall, itl);
    PyObject *before = value ? PyDict_GetItemWithError(gaps->older, key) : NULL;
    if (before) {
        PyObject *sum = with_older(before, value);
        Py_DECREF(value);
        value = sum;
    }
    if (value && !PyErr_Occurred())
        failed = PyDict_SetItem(gaps->older, key, value);
    Py_XDECREF(stall);
    Py_XDECREF(itl);
    Py_XDECREF(key);
    Py_XDECREF(value);
    slot->second = -1;
    slot->tokens = 0;
    return failed;
}

int gaps_add(Gaps *gaps, double at_s, double gap_s, uint32_t tokens)
{
    long long second = at_s > 0 ? (long long)at_s : 0;
    struct second *slot = &gaps->recent[second & 1];
    if (slot->second != second) {
        if (put_aside(gaps, slot) < 0)
            return -1;
        slot->second = second;
    }
    slot->tokens += tokens;
    slot->stall[bucket_of(gaps, gap_s)]++;
    slot->itl[bucket_of(gaps, gap_s / tokens)] += tokens;
    return 0;
}

static PyObject *add(PyObject *self, PyObject *words)
{
    double at_s, gap_s;
    unsigned int tokens = 1;
    if (!PyArg_ParseTuple(words, "dd|I", &at_s, &gap_s, &tokens))
        return NULL;
    if (!tokens) {
        PyErr_SetString(PyExc_ValueError, "an arrival brings one token at least");
        return NULL;
    }
    return gaps_add((Gaps *)self, at_s, gap_s, tokens) < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *take(PyObject *self, PyObject *Py_UNUSED(none))
{
    Gaps *gaps = (Gaps *)self;
    PyObject *fresh = PyDict_New(), *all;
    if (!fresh || put_aside(gaps, &gaps->recent[0]) < 0 || put_aside(gaps, &gaps->recent[1]) < 0) {
        Py_XDECREF(fresh);
        return NULL;
    }
    all = gaps->older;
    gaps->older = fresh;
    return all;
}

static void dealloc(PyObject *self)
{
    Gaps *gaps = (Gaps *)self;
    PyTypeObject *type = Py_TYPE(self);
    for (int i = 0; i < 2; i++) {
        PyMem_Free(gaps->recent[i].stall);
        PyMem_Free(gaps->recent[i].itl);
    }
    Py_XDECREF(gaps->older);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

/* Gaps(per_log, at_one_s, floor_s, last): the scale of `histogram.bucket_of`. */
static PyObject *make(PyTypeObject *type, PyObject *words, PyObject *Py_UNUSED(named))
{
    double per_log, at_one_s, floor_s;
    int last;
    if (!PyArg_ParseTuple(words, "dddi", &per_log, &at_one_s, &floor_s, &last))
        return NULL;
    if (last < 1 || last > BUCKETS_MAX)
        return PyErr_Format(PyExc_ValueError, "%d is no number of buckets", last);
    Gaps *gaps = (Gaps *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!gaps)
        return NULL;
    gaps->per_log = per_log;
    gaps->at_one_s = at_one_s;
    gaps->floor_s = floor_s;
    gaps->last = last;
    gaps->older = PyDict_New();
    int made = gaps->older != NULL;
    for (int i = 0; i < 2; i++) {
        struct second *slot = &gaps->recent[i];
        slot->second = -1;
        slot->stall = PyMem_Calloc((size_t)last + 1, sizeof *slot->stall);
        slot->itl = PyMem_Calloc((size_t)last + 1, sizeof *slot->itl);
        made = made && slot->stall && slot->itl;
    }
    if (made)
        return (PyObject *)gaps;
    Py_DECREF(gaps);
    return PyErr_NoMemory();
}

static PyMethodDef methods[] = {
    {"add", add, METH_VARARGS, "add(at_s, gap_s, tokens=1): some tokens arrived."},
    {"take", take, METH_NOARGS, "{second: (tokens, {bucket: n} stalls, {bucket: n} itl)}; empties."},
    {0},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Gaps between arrivals, by the second in which they ended."},
    {Py_tp_new, make},
    {Py_tp_dealloc, dealloc},
    {Py_tp_methods, methods},
    {0},
};

PyType_Spec gaps_spec = {"gtc_runtime.load.native.Gaps", sizeof(Gaps), 0, Py_TPFLAGS_DEFAULT, slots};
