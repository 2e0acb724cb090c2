"""Puts the panel onto the service's web application."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

from fastapi import FastAPI
from nicegui import app as pages
from nicegui import ui

from gtc_panel import plain_page, text, theme
from gtc_panel.bridge import Bridge, Tick
from gtc_panel.guard import LOOPBACK, Guard
from gtc_panel.pages import control, stage
from gtc_panel.pages import health as checks
from gtc_panel.port import PanelPort
from gtc_panel.recorded.screen import Screen
from gtc_runtime.checks.health import Health
from gtc_runtime.recording.choice import Choice
from gtc_runtime.view import DemoView

RECONNECT_TIMEOUT_S: Final = 20.0
"""A page that was offline for less keeps its state; also how long messages are kept for it."""


def attach(
    app: FastAPI,
    panel: PanelPort,
    *,
    hosts: Collection[str] = LOOPBACK,
    health: Health | None = None,
    past: Callable[[], Iterable[DemoView]] = tuple,
    recording: Callable[[], Choice] | None = None,
) -> Bridge:
    """Serve ``/``, ``/stage`` and ``/health``, with the guard in front of every route of ``app``.

    Call it once a process, after all other routes were added: the panel answers what they leave.

    Args:
        app: The application that also carries the REST API.
        panel: The demo to show and to command.
        hosts: Names under which a browser may ask for it, see `gtc_panel.guard.allowed_hosts`.
        health: The checks to show at ``/health``; None serves no such page.
        past: Gives, once the demo runs, earlier views, with which the charts begin.
        recording: Finds what may be played in place of the demo; None offers nothing.

    Returns:
        What draws the pages.
    """
    bridge = Bridge(panel)
    screen = Screen(panel, bridge, recording)
    pages.on_startup(lambda: bridge.remember(past()))
    pages.on_startup(bridge.start)
    pages.on_shutdown(bridge.stop)

    _add_pages(screen, bridge)
    if health is not None:

        @ui.page("/health", title=text.HEALTH_TITLE)
        def _health_page() -> None:
            checks.build(health, panel, bridge)

    plain_page.attach(pages)
    # a bar without a name, for requests that no page of ours makes
    pages.config.quasar_config["loadingBar"]["skipHijack"] = True
    app.add_middleware(Guard, hosts=frozenset(hosts))
    ui.run_with(
        app,
        title=text.TITLE,
        favicon=theme.FAVICON,
        language="en-US",
        dark=True,
        reconnect_timeout=RECONNECT_TIMEOUT_S,
        tailwind=False,
        binding_refresh_interval=None,
        show_welcome_message=False,
    )
    return bridge


def _add_pages(screen: Screen, bridge: Bridge) -> None:
    @ui.page("/", title=text.TITLE)
    def _control_page() -> None:
        _renewed_with(bridge)
        control.build(screen, bridge)

    @ui.page("/stage", title=text.TITLE)
    def _stage_page() -> None:
        _renewed_with(bridge)
        stage.build(screen, bridge)


def _renewed_with(bridge: Bridge) -> None:
    """Load the page anew when what is shown does not go on where it was."""
    story = bridge.latest.story

    def look(tick: Tick) -> None:
        if tick.story != story:
            ui.navigate.reload()

    bridge.ticks.subscribe(look)
