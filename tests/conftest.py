"""Settings of every test: a property may take its time on a machine that does other work too.

`GTC_SAME_EXAMPLES=1` tries the same examples of every property each time, so that a change is
judged by what it changed; without it every run looks for new ones.
"""

import gc
import os

import pytest
from hypothesis import settings

settings.register_profile(
    "gtc", deadline=None, derandomize=os.environ.get("GTC_SAME_EXAMPLES") == "1"
)
settings.load_profile("gtc")


@pytest.fixture(scope="module", autouse=True)
def _garbage_is_sought_among_what_is_new() -> None:
    """What earlier files have imported and kept stays: each look through it would stop a test.

    It took up to a second each time, and a tenth of the suite's time in all.
    """
    gc.collect()
    gc.freeze()
