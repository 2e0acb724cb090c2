"""The rehearsal's place for Serverless Inference: writes the next question of a conversation.

It answers OpenAI-compatible chat completions by picking a term of the latest answer or context and
asking about it. No model is involved and none is claimed. It must not know who asks.
"""

from __future__ import annotations

import random
import re
from typing import Any

from aiohttp import web

QUESTIONS = (
    "How does {term} change when the load doubles?",
    "What would break first if {term} were missing?",
    "Can you explain {term} with a concrete example?",
    "Why does {term} matter for time to first token?",
    "What is the most common mistake people make with {term}?",
    "How would you measure {term} in production?",
    "What is the cost of {term}, and when is it worth it?",
    "How does {term} compare with the obvious alternative?",
)
_TERM = re.compile(r"\b[A-Za-z][A-Za-z-]{5,}\b")
_PLAIN = frozenset(
    {
        "because",
        "between",
        "another",
        "against",
        "through",
        "without",
        "something",
        "everything",
        "however",
        "therefore",
        "should",
        "would",
        "having",
        "context",
        "answer",
        "latest",
        "question",
        "reader",
    }
)
"""Words that are no subject."""
FALLBACK_TERM = "that"
MODEL = "rehearsal-questions"
"""What it offers: no model at all, and its name says so."""


class FollowUpServer:
    """A small server on loopback; every run asks its questions in the same order."""

    def __init__(self) -> None:
        self._random = random.Random(1)
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listen on any free port; the base URL."""
        app = web.Application(client_max_size=2**20)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/v1/models", self._models)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close every connection; harmless when it never started."""
        if self._runner is not None:
            await self._runner.cleanup()

    def question(self, text: str) -> str:
        """The next question about a text; fits any text, the empty one included."""
        terms = [term for term in _TERM.findall(text) if term.lower() not in _PLAIN]
        term = self._random.choice(terms) if terms else FALLBACK_TERM
        return self._random.choice(QUESTIONS).format(term=term.lower())

    async def _models(self, _: web.Request) -> web.Response:
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "rehearsal"}
        return web.json_response({"object": "list", "data": [model]})

    async def _complete(self, request: web.Request) -> web.Response:
        try:
            body = await request.json()
            text = str(body["messages"][-1]["content"])
            model = str(body["model"])
        except (ValueError, KeyError, IndexError, TypeError):
            return web.json_response(
                {"error": {"message": "a model and messages with a content are needed"}}, status=400
            )
        if model != MODEL:
            words = f"model {model} not found"
            return web.json_response({"error": {"message": words}}, status=404)
        return web.json_response(_completion(self.question(text)))


def _completion(text: str) -> dict[str, Any]:
    return {
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
            }
        ],
    }
