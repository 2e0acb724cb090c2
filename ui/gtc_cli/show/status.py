"""`gtc status`: the whole demo in a terminal, once or live.

It draws what the panel sends and decides nothing; what is not known is shown as such.
"""

from __future__ import annotations

import time
from typing import Any

import click
from rich.live import Live

from gtc_cli import options
from gtc_cli.show.status_screen import screen
from gtc_cli.show.view_lines import print_view
from gtc_cli.target import panel_client
from gtc_cli.target.panel_address import panel
from gtc_cli.target.panel_key import Panel
from gtc_cli.target.target import NoClusterError, choose
from gtc_runtime import settings
from gtc_spec.errors import GtcError, UnreachableError, UsageError

JSON = dict[str, Any]

POLL_INTERVAL_S = 0.5
"""Between two polls of the live view; the panel makes a view four times a second."""


@click.command()
@options.panel
@click.option("--watch", is_flag=True, help="Stay and redraw until Ctrl-C.")
def status(as_json: bool, watch: bool, **where: Any) -> int:
    """Show pods, GPUs, pools, mode, KEDA, load, latencies and cost.

    Without a panel it shows what Kubernetes knows, and ends with 3.
    """
    if watch and as_json:
        raise UsageError("--watch draws for people, --json is for programs: give one of them")
    try:
        with panel(**where) as address:
            view = panel_client.call(address, "GET", "/api/status")
            if watch:
                _watch(address, view)
            else:
                print_view(view, as_json)
    except UnreachableError as error:
        if watch or settings.read(url=where["url"], state_dir=where["state_dir"]).url:
            raise
        return _inside(error, as_json, where)
    return 0


def _inside(error: UnreachableError, as_json: bool, where: JSON) -> int:
    """What Kubernetes knows; when there is no cluster either, the error that came first."""
    # Kubernetes' client takes half a second, and a panel that answers needs none
    from gtc_cli.show.status_inside import print_inside

    try:
        target = choose(where["env"], where["state_dir"], where["kubeconfig"])
    except NoClusterError:
        raise error from None
    return print_inside(target, error, as_json)


def _watch(panel: Panel, view: JSON) -> None:
    """Redraw until Ctrl-C; a panel that goes away is waited for."""
    heard_s = time.monotonic()
    try:
        with Live(screen(view, ""), auto_refresh=False, screen=True) as live:
            while True:
                time.sleep(POLL_INTERVAL_S)
                problem = ""
                try:
                    view = panel_client.call(panel, "GET", "/api/status")
                    heard_s = time.monotonic()
                except GtcError as error:
                    problem = error.message
                live.update(screen(view, problem, time.monotonic() - heard_s), refresh=True)
    except KeyboardInterrupt:
        return
