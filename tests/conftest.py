"""Settings of every test: a property may take its time on a machine that does other work too.

`GTC_SAME_EXAMPLES=1` tries the same examples of every property each time, so that a change is
judged by what it changed; without it every run looks for new ones.
"""

import gc
import os

from hypothesis import settings

settings.register_profile(
    "gtc", deadline=None, derandomize=os.environ.get("GTC_SAME_EXAMPLES") == "1"
)
settings.load_profile("gtc")


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: no look for garbage among it.

    Each look would stop a test for up to 0.8 s, and all of them take a tenth of the suite's time.
    """
    gc.collect()
    gc.freeze()
