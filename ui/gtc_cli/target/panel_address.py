"""The way to the panel for one call: named, beside the rehearsal, or through a forwarded port.

The forwarded port lives in a thread of its own while the call lasts, because calls are plain and
synchronous; it is closed with the call.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from gtc_cli.target.panel_key import Panel, known_here, of_cluster
from gtc_cli.target.target import NoClusterError, Target, choose
from gtc_runtime import settings
from gtc_spec.errors import UnreachableError


@contextmanager
def panel(
    url: str | None = None,
    env: str | None = None,
    state_dir: Path | None = None,
    kubeconfig: str | None = None,
) -> Iterator[Panel]:
    """The panel that is meant: flag or GTC_URL, else that of the cluster.

    Args:
        url: The flag ``--url``.
        env: The flag ``--env``.
        state_dir: The flag ``--state-dir``.
        kubeconfig: The flag ``--kubeconfig``.

    Raises:
        UnreachableError: There is no panel that we know of.
        GtcError: The cluster does not let us in.
    """
    configured = settings.read(url=url, state_dir=state_dir)
    if configured.url:
        base = configured.url.rstrip("/")
        yield Panel(base, partial(known_here, configured, base))
        return
    try:
        target = choose(env, state_dir, kubeconfig)
    except NoClusterError as error:
        raise UnreachableError(
            f"no panel known: no --url, no GTC_URL and {error.message}", error.hint
        ) from None
    with of(target) as found:
        yield found


@contextmanager
def of(target: Target) -> Iterator[Panel]:
    """The panel of a cluster while the context lasts.

    Raises:
        GtcError: The cluster does not let us in, or no panel is ready in it.
    """
    if target.notes is not None:
        base = str(target.notes["urls"]["panel"])
        yield Panel(base, partial(known_here, target.settings, base))
        return
    with _Held(target) as address:
        yield Panel(address, partial(of_cluster, target))


class _Held:
    """A forwarded port whose loop runs in a thread."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="forwarded port")
        self._opened: Future[str] = Future()
        self._end = asyncio.Event()

    def __enter__(self) -> str:
        self._thread.start()
        self._work = asyncio.run_coroutine_threadsafe(self._hold(), self._loop)
        try:
            return self._opened.result()
        except BaseException:
            self._close()
            raise

    async def _hold(self) -> None:
        try:
            async with self._target.forwarded("panel") as url:
                self._opened.set_result(url)
                await self._end.wait()
        except Exception as error:
            if self._opened.done():
                raise
            self._opened.set_exception(error)

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        if not self._opened.done():
            self._work.cancel()
        with suppress(CancelledError):
            self._work.result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
