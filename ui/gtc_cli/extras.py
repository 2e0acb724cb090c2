"""Which extra of the package brings a library that is not installed."""

from __future__ import annotations

from typing import Final

from gtc_spec.errors import GtcError

_OURS: Final = ("gtc_spec", "gtc_runtime", "gtc_rehearsal", "gtc_cli", "gtc_panel", "dashboards")
_REHEARSAL: Final = ("dynamo", "jsonpatch", "jsonschema", "numpy", "promql_parser")
_REPORTS: Final = ("jinja2", "matplotlib")
_VIDEO: Final = ("playwright",)
_GPU: Final = ("torch",)


def missing(error: ModuleNotFoundError) -> GtcError:
    """What to say when a verb needs a library that is not there.

    Raises:
        ModuleNotFoundError: It is one of our own modules: a fault of the package.
    """
    library = (error.name or "").partition(".")[0]
    if error.name == "gtc_rehearsal":  # in every checkout, and never in the image
        return GtcError(
            f"this installation has no rehearsal: {error.name} is not installed",
            "make demo in a checkout, or there pip install '.[runtime,ui,rehearsal]'",
        )
    if not library or library in _OURS:
        raise error
    extras = "runtime,ui"
    if library in _REHEARSAL:
        extras = "runtime,ui,rehearsal"
    elif library in _VIDEO:
        extras = "runtime,ui,video"
    elif library in _GPU:
        extras = "runtime,ui,gpu"
    elif library in _REPORTS:
        extras = "reports"
    return GtcError(
        f"gtc needs {library} for this, which is not installed", f"pip install 'gtc-demo[{extras}]'"
    )
