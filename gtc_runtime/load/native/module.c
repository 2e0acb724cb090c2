#include "core.h"

#include <string.h>

/* What the sources were when this was built; Python compares it with what they are. */
#ifndef SOURCES
#define SOURCES ""
#endif

static int add_type(PyObject *module, const char *name, PyType_Spec *spec)
{
    PyObject *type = PyType_FromModuleAndSpec(module, spec, NULL);
    int failed = type ? PyModule_AddObjectRef(module, name, type) : -1;
    Py_XDECREF(type);
    return failed;
}

/* count(opening, running, data): (frames, tokens) of a read, None if it is not plain. For tests. */
static PyObject *count(PyObject *Py_UNUSED(module), PyObject *words)
{
    struct frames frames;
    struct counted counted;
    const char *opening, *data;
    Py_ssize_t opening_length, size;
    long long running;
    memset(&frames, 0, sizeof frames);
    if (!PyArg_ParseTuple(words, "y#Ly#", &opening, &opening_length, &running, &data, &size))
        return NULL;
    if (!frames_expect(&frames, opening, (size_t)opening_length, running)
        || !frames_count(&frames, data, (size_t)size, &counted))
        return Py_NewRef(Py_None);
    return Py_BuildValue("(II)", counted.frames, counted.tokens);
}

static int fill(PyObject *module)
{
    if (add_type(module, "Gaps", &gaps_spec) < 0 || add_type(module, "Stream", &stream_spec) < 0
        || add_type(module, "Reader", &reader_spec) < 0)
        return -1;
    return PyModule_AddStringConstant(module, "SOURCES", SOURCES);
}

static PyMethodDef methods[] = {
    {"count", count, METH_VARARGS, "count(opening, running, data): (frames, tokens) or None."},
    {0},
};

static PyModuleDef_Slot slots[] = {{Py_mod_exec, fill}, {0}};

static struct PyModuleDef module = {
    .m_base = PyModuleDef_HEAD_INIT, .m_name = "_core", .m_methods = methods, .m_slots = slots,
    .m_doc = "The measured path of the load engine: read, recognise, count.",
};

PyMODINIT_FUNC PyInit__core(void)
{
    return PyModuleDef_Init(&module);
}
