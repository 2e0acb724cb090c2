"""Puts the panel onto the service's web application."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Final, cast

from fastapi import FastAPI
from nicegui import Client, ui
from nicegui import app as pages
from starlette.types import Scope

from gtc_panel import plain_page, text, theme
from gtc_panel.bridge import Bridge, Tick
from gtc_panel.components.command import offer_login
from gtc_panel.door.door import Door
from gtc_panel.door.locked import Locked
from gtc_panel.door.rules import Rules
from gtc_panel.pages import control, stage
from gtc_panel.pages import health as checks
from gtc_panel.port import PanelPort
from gtc_panel.recorded.screen import Screen
from gtc_panel.unseen import Unseen
from gtc_runtime.checks.health import Health
from gtc_runtime.recording.choice import Choice
from gtc_runtime.view import DemoView

RECONNECT_TIMEOUT_S: Final = 20.0
"""A page that was offline for less keeps its state; also how long messages are kept for it."""


def attach(
    app: FastAPI,
    panel: PanelPort,
    *,
    rules: Rules | None = None,
    health: Health | None = None,
    past: Callable[[], Iterable[DemoView]] = tuple,
    recording: Callable[[], Choice] | None = None,
) -> Bridge:
    """Serve ``/``, ``/stage`` and ``/health``, with the door in front of every route of ``app``.

    Call it once a process, after all other routes were added: the panel answers what they leave.

    Args:
        app: The application that also carries the REST API.
        panel: The demo to show and to command.
        rules: Under which names a browser may ask for it, and what pressing needs. Default:
            loopback's names, and nothing.
        health: The checks to show at ``/health``; None serves no such page.
        past: Gives, once the demo runs, earlier views, with which the charts begin.
        recording: Finds what may be played in place of the demo; None offers nothing.

    Returns:
        What draws the pages.
    """
    rules = rules or Rules()
    bridge, unseen = Bridge(panel), Unseen()
    screen = Screen(panel, bridge, recording)
    pages.on_startup(lambda: bridge.remember(past()))
    pages.on_startup(bridge.start)
    pages.on_shutdown(bridge.stop)

    _add_pages(screen, bridge, rules, unseen)
    if health is not None:

        @ui.page("/health", title=text.HEALTH_TITLE)
        def _health_page() -> None:
            unseen.built()
            checks.build(health, panel)

    plain_page.attach(pages, served=frozenset(Client.page_routes.values()))
    # a bar without a name, for requests that no page of ours makes
    pages.config.quasar_config["loadingBar"]["skipHijack"] = True
    _shut(app, rules, unseen)
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


def _add_pages(screen: Screen, bridge: Bridge, rules: Rules, unseen: Unseen) -> None:
    def may_press(stop: bool) -> bool:
        return rules.may_press(_opened_by(), stop=stop)

    screen = cast(Screen, Locked(screen, may_press))

    def begun() -> None:
        unseen.built()  # before anybody else's turn, who would find room that is none
        _renewed_with(bridge)

    @ui.page("/", title=text.TITLE)
    def _control_page() -> Coroutine[None, None, None]:
        begun()
        return build_control()

    async def build_control() -> None:
        await control.build(screen, bridge, screen)
        if not may_press(stop=False):
            offer_login()

    @ui.page("/stage", title=text.TITLE)
    def _stage_page(layout: str = "story") -> Coroutine[None, None, None]:
        begun()
        return stage.build(screen, bridge, "wall" if layout == "wall" else "story")

    @ui.page("/stage/wall", title=text.TITLE)
    def _wall_page() -> Coroutine[None, None, None]:
        begun()
        return stage.build(screen, bridge, "wall")


def _opened_by() -> Scope:
    """The request that the page which is drawn or pressed was opened with."""
    return ui.context.client.request.scope


def _shut(app: FastAPI, rules: Rules, unseen: Unseen) -> None:
    """Put the door in front, and forget pages that nobody sees."""
    pages.on_startup(unseen.start)
    pages.config.socket_io_js_transports = ["websocket"]  # the door lets no other in
    paths = frozenset(Client.page_routes.values())
    app.add_middleware(Door, rules=rules, pages=paths, room=unseen.room)


def _renewed_with(bridge: Bridge) -> None:
    """Load the page anew when what is shown does not go on where it was."""
    story = bridge.latest.story

    def look(tick: Tick) -> None:
        if tick.story != story:
            ui.navigate.reload()

    bridge.ticks.subscribe(look)
