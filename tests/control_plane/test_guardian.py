"""Panel and guardian as processes under their own accounts, with exactly the shipped Roles."""

from __future__ import annotations

import pytest

from tests.control_plane.demo import RealDemo

pytestmark = [pytest.mark.control_plane, pytest.mark.slow, pytest.mark.timeout(420)]
AUTO = ("serve", "--headless", "--auto", "--port", "0", "--time-scale", "0.2")
GUARDED_S = 30.0


def test_a_guardian_resumes_keda_when_the_panel_is_killed_in_auto_mode(demo: RealDemo) -> None:
    with demo.gtc("guardian", "guardian"), demo.gtc("panel", *AUTO) as panel:
        demo.until(lambda: demo.paused() and not demo.hpas())
        panel.kill()

        unpaused_s = demo.until(lambda: not demo.paused())
        demo.until(lambda: len(demo.hpas()) == 2)

    assert unpaused_s < GUARDED_S
    logs = [(demo.folder / f"gtc-{who}.log").read_text() for who in ("panel", "guardian")]
    assert not [line for log in logs for line in log.splitlines() if "403" in line], logs


def test_a_panel_that_is_told_to_end_leaves_keda_steering(demo: RealDemo) -> None:
    with demo.gtc("panel", *AUTO) as panel:
        demo.until(lambda: demo.paused() and not demo.hpas())
        panel.terminate()
        code = panel.wait(20)

    assert code == 0
    assert not demo.paused()
    demo.until(lambda: len(demo.hpas()) == 2)
