"""A KEDA that cannot see its metrics: by hand a problem that is told, for the show none."""

from tests.app.conftest import Panel, World


async def test_by_hand_a_blind_keda_is_the_problem_and_names_its_trigger(
    world: World, panel: Panel
) -> None:
    world.keda_is_blind = True

    await panel.until(lambda view: "makes the metric up" in view.problem)

    view = panel.view
    assert (view.mode, view.keda, view.control.scaler) == ("manual", "blind", "KEDA")
    assert view.problem.startswith("keda scales by nothing: gtc-demo-prefill-scaler is blind")
    assert "s0-prometheus" in view.keda_detail
    assert world.desired() == world.environment.initial_ratio

    world.keda_is_blind = False

    await panel.until(lambda view: (view.keda, view.problem) == ("active", ""))


async def test_auto_mode_drives_whatever_keda_sees(world: World, panel: Panel) -> None:
    world.keda_is_blind = True
    await panel.until(lambda view: view.keda == "blind")

    await panel.service.auto()

    await panel.until_mode("auto")
    await panel.until(lambda view: view.keda == "paused-by-us")
    assert panel.view.problem == ""
