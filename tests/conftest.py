"""Settings of every test: a property may take its time on a machine that does other work too.

`GTC_SAME_EXAMPLES=1` tries the same examples of every property each time, so that a change is
judged by what it changed; without it every run looks for new ones.
"""

import os

from hypothesis import settings

settings.register_profile(
    "gtc", deadline=None, derandomize=os.environ.get("GTC_SAME_EXAMPLES") == "1"
)
settings.load_profile("gtc")
