"""Settings of every test: a property may take its time on a machine that does other work too."""

from hypothesis import settings

settings.register_profile("gtc", deadline=None)
settings.load_profile("gtc")
