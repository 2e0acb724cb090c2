"""The environments by what they have, for tests that are about one kind."""

from gtc_spec.environment import ENVIRONMENTS, load

WITH_GPUS = [name for name in ENVIRONMENTS if load(name).nodes.gpus]
SIMULATED = [name for name in ENVIRONMENTS if not load(name).nodes.gpus]
