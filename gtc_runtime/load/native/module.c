#include "core.h"

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

static int fill(PyObject *module)
{
    if (add_type(module, "Gaps", &gaps_spec) < 0 || add_type(module, "Stream", &stream_spec) < 0
        || add_type(module, "PlainFrames", &plain_spec) < 0
        || add_type(module, "Reader", &reader_spec) < 0)
        return -1;
    return PyModule_AddStringConstant(module, "SOURCES", SOURCES);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, fill}, {0}};

static struct PyModuleDef module = {
    .m_base = PyModuleDef_HEAD_INIT, .m_name = "_core", .m_slots = slots,
    .m_doc = "The measured path of the load engine: read, recognise, count.",
};

PyMODINIT_FUNC PyInit__core(void)
{
    return PyModuleDef_Init(&module);
}
