"""A plan plays hundreds of cycles and loads, so one of them must cost little processor time.

The bounds are four times what is promised and ten times what is needed, so that a busy machine
does not fail them: processor time is counted, and not how long it took.
"""

import time

from gtc_runtime.planning.hardware import Hardware
from gtc_runtime.planning.simulator import Simulation
from gtc_runtime.planning.steady import Load, steady
from gtc_runtime.planning.topology import Topology
from gtc_spec.environment import load
from gtc_spec.workloads import WorkloadMix

PROD = load("prod")


def test_a_cycle_of_prod_takes_less_than_eight_seconds_of_one_core() -> None:
    simulation = Simulation(PROD, Hardware.of(PROD), 1)
    began_s = time.process_time()

    simulation.run()

    assert time.process_time() - began_s < 8
    assert simulation.now_s > 14 * 60


def test_four_minutes_of_a_constant_load_take_less_than_two_seconds_of_one_core() -> None:
    began_s = time.process_time()

    steady(PROD, Hardware.of(PROD), Topology(2, 4), Load(8, WorkloadMix.parse("10/5/85")))

    assert time.process_time() - began_s < 2
