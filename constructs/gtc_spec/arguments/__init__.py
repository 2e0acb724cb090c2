"""Arguments held against the types that are declared for them, with one line for each error.

A type checker says the same before a program runs. This is for whoever has none: without it the
first sign of a wrong type is an error inside our code, or a wrong manifest. It must not know what
the arguments mean.
"""

from gtc_spec.arguments.checked import checked, checking
from gtc_spec.arguments.models import plainly
from gtc_spec.arguments.words import introduce

__all__ = ["checked", "checking", "introduce", "plainly"]
