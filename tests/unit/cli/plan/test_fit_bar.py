"""The bar of `gtc plan fit`: how much of what is looked for was looked for."""

import io

from rich.console import Console

from gtc_cli.plan.fit import steps


def drawn(done: int) -> str:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    bar = steps(console, away=False)
    bar.add_task("a calm BALANCED", total=4, completed=done, cycles=7)
    with console.capture() as told:
        console.print(bar.get_renderable())
    return told.get()


def test_it_names_what_is_looked_for_and_grows_with_what_is_done() -> None:
    begun, half, whole = drawn(0), drawn(2), drawn(4)

    assert "a calm BALANCED" in half
    assert "7 cycles" in half
    filled = [text.count("━") for text in (begun, half, whole)]
    assert filled[0] < filled[1] < filled[2]
