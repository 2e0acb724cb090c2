"""Panel and guardian as processes under their own accounts, with exactly the shipped Roles."""

from __future__ import annotations

import pytest

from gtc_spec.manifests.rbac import GUARDIAN_ACCOUNT
from gtc_spec.names import NAMESPACE_WORKLOAD
from tests.contract import real_cluster
from tests.control_plane.demo import RealDemo

pytestmark = [pytest.mark.control_plane, pytest.mark.slow, pytest.mark.timeout(420)]
AUTO = ("serve", "--headless", "--auto", "--port", "0", "--time-scale", "0.2")
GUARDED_S = 30.0


def test_a_guardian_resumes_keda_when_the_panel_is_killed_in_auto_mode(demo: RealDemo) -> None:
    before = demo.server.forbidden()
    with demo.gtc("guardian", "guardian"), demo.gtc("panel", *AUTO) as panel:
        demo.until(lambda: demo.paused() and not demo.hpas())
        panel.kill()

        unpaused_s = demo.until(lambda: not demo.paused())
        demo.until(lambda: len(demo.hpas()) == 2)

    assert unpaused_s < GUARDED_S
    assert demo.server.forbidden() == before


def test_what_no_role_allows_is_refused(demo: RealDemo) -> None:
    before = demo.server.forbidden()

    said = real_cluster.kubectl(demo.kubeconfig_of("guardian"), "get", "secrets")

    assert "cannot list resource" in said.stderr
    (refused,) = demo.server.forbidden()[len(before) :]
    assert f"{GUARDIAN_ACCOUNT} list /api/v1/namespaces/{NAMESPACE_WORKLOAD}/secrets" in refused


def test_the_safe_state_is_reached_when_nobody_else_is_alive(demo: RealDemo) -> None:
    with demo.gtc("panel", *AUTO) as panel:
        demo.until(lambda: demo.paused() and not demo.hpas())
        panel.kill()
        said = demo.ask("safe")

    assert said.returncode == 0, said.stdout + said.stderr
    assert not demo.paused()
    assert demo.desired() == demo.env.initial_ratio
    demo.until(lambda: len(demo.hpas()) == 2)


def test_a_panel_that_is_told_to_end_leaves_keda_steering(demo: RealDemo) -> None:
    with demo.gtc("panel", *AUTO) as panel:
        demo.until(lambda: demo.paused() and not demo.hpas())
        panel.terminate()
        code = panel.wait(20)

    assert code == 0
    assert not demo.paused()
    demo.until(lambda: len(demo.hpas()) == 2)
