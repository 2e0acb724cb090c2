"""What a test wants to know of Dynamo's processes: who runs, and whether the model can be asked."""

import asyncio
import contextlib
from pathlib import Path

import aiohttp

from gtc_rehearsal.dynamo.dynamo import Dynamo


def processes(state_dir: Path) -> dict[str, int]:
    """Process ids of everything of Dynamo that runs, by name: each writes a log of that name."""
    logs, found = state_dir / "dynamo" / "logs", {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended, or is not ours
            output = (entry / "fd" / "1").readlink()
            if output.parent == logs:
                found[output.stem] = int(entry.name)
    return found


async def until_serving(dynamo: Dynamo, model: str) -> None:
    """Wait until the frontend knows workers for all legs of the model."""
    async with asyncio.timeout(40), aiohttp.ClientSession() as http:
        while True:
            async with http.get(f"{dynamo.url}/v1/models") as answer:
                listed = (await answer.json()).get("data") or []
            if any(each["id"] == model for each in listed):
                return
            await asyncio.sleep(0.05)
