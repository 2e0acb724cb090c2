"""Which core runs is chosen by itself, and can be chosen for a diagnosis."""

import pytest

from gtc_runtime.load import native
from gtc_runtime.load.figures.gaps import NativeGaps
from gtc_runtime.load.figures.recorder import Gaps, SliceRecorder
from gtc_runtime.load.native import build
from gtc_runtime.load.wire.kernel_transport import KernelTransport
from gtc_spec.errors import UsageError


@pytest.fixture
def afresh():
    """The answer is kept; forget it before and after."""
    native.built.cache_clear()
    yield
    native.built.cache_clear()


def test_the_core_that_was_built_is_used_unless_the_other_is_asked_for(native_core, monkeypatch):
    monkeypatch.delenv(native.CHOICE, raising=False)
    assert native.core() is native_core
    assert {type(gaps) for gaps in SliceRecorder().gaps.values()} == {NativeGaps}
    monkeypatch.setenv(native.CHOICE, "python")
    assert native.core() is None
    assert {type(gaps) for gaps in SliceRecorder().gaps.values()} == {Gaps}


def test_a_core_of_other_sources_is_not_used(native_core, monkeypatch, afresh):
    monkeypatch.setattr(build, "state", lambda: "something newer")
    assert native.built() == (None, "it was built from other sources")
    monkeypatch.delenv(native.CHOICE, raising=False)
    assert native.core() is None
    KernelTransport("http://127.0.0.1:1", 1.0)  # goes on with the path in Python


def test_insisting_on_a_core_that_is_not_there_says_why(monkeypatch, afresh):
    def missing(name):
        raise ImportError("No module named _core")

    monkeypatch.setattr(native.importlib, "import_module", missing)
    monkeypatch.setenv(native.CHOICE, "native")
    with pytest.raises(UsageError, match="no native core: No module named _core"):
        native.core()


def test_another_word_is_refused(monkeypatch):
    monkeypatch.setenv(native.CHOICE, "rust")
    with pytest.raises(UsageError, match="GTC_LOAD_CORE is rust, allowed: native, python"):
        native.core()
