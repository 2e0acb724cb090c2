"""Streams as servers send them, whole and damaged, and the exact parser's word on each read."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from gtc_runtime.load.answer.framing import ChunkedBody, MalformedError
from gtc_runtime.load.answer.sse import EventStream


def event(data: dict[str, Any]) -> bytes:
    """One event as it is on the wire."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return b"data: " + text.encode(errors="surrogatepass") + b"\n\n"


def chunk(payload: bytes) -> bytes:
    """One chunk of HTTP/1.1."""
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def dynamo(text: str, _: int) -> bytes:
    delta = {"content": text, "function_call": None, "role": "assistant", "refusal": None}
    choice = {"index": 0, "delta": delta, "finish_reason": None, "logprobs": None}
    return event({"id": "chatcmpl-7", "choices": [choice], "created": 1, "usage": None})


def vllm(text: str, so_far: int) -> bytes:
    usage = {
        "prompt_tokens": 9,
        "total_tokens": 9 + so_far,
        "completion_tokens": so_far,
        "prompt_tokens_details": None,
    }
    choice = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None}
    return event({"id": "cmpl-1", "model": "m", "choices": [choice], "usage": usage})


def sglang(text: str, so_far: int) -> bytes:
    usage = {"prompt_tokens": 9, "completion_tokens": so_far, "total_tokens": 9 + so_far}
    choice = {"index": 0, "delta": {"reasoning_content": text}, "finish_reason": None}
    return event({"id": "1", "choices": [choice], "usage": usage})


def llama_cpp(text: str, _: int) -> bytes:
    choice = {"finish_reason": None, "index": 0, "delta": {"content": text}}
    return event({"choices": [choice], "created": 1764403200, "id": "x", "model": "m"})


def completions(text: str, _: int) -> bytes:
    return event({"id": "c", "choices": [{"text": text, "index": 0, "finish_reason": None}]})


SERVERS = (dynamo, vllm, sglang, llama_cpp, completions)
TEXTS = (
    *("a", " word", 'say "hi"', "\\", "\\\\", "\n\n", "\r", "é😀", "data: {", "x" * 1100, "0"),
    *('"content":"', '"error"', '"finish_reason":null', '"completion_tokens":9', "\ud83d"),
)
PIECES = (
    *(
        b'"',
        b"\\",
        b"\r",
        b"\n",
        b"\n\n",
        b"\r\n",
        b"{",
        b"}",
        b",",
        b":",
        b" ",
        b"0",
        b"9",
        b"null",
    ),
    *(b'"content":"', b'"content":""', b'"content": "', b'"reasoning_content":"x",', b'"text":"'),
    *(b'"finish_reason":null', b'"finish_reason":"stop"', b'"finish_reason":""', b'"choices"'),
    *(b'"error":{"message":"no"},', b'"error":null,', b'"detail":"x",', b'"object":"error",'),
    *(b'"completion_tokens":', b'"completion_tokens":7,', b'"completion_tokens": 3,', b"-", b"."),
    *(b'"total_tokens":', b"data: ", b"data: [DONE]\n\n", b": ping\n\n", b"event: error\n", b"\0"),
)
"""What damage is made of."""


def read_of(random: Random, server: Any, so_far: int) -> bytes:
    """A read of one frame or a few, in one chunk or more."""
    frames = []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        so_far += random.choice((1, 1, 1, 4))
        frames.append(server(random.choice(TEXTS), so_far))
    if random.random() < 0.3:
        return chunk(b"".join(frames))
    return b"".join(map(chunk, frames))


def damaged(random: Random, data: bytes) -> bytes:
    """The same with a few bytes wrong; often with its chunk size set right again."""
    for _ in range(random.randint(1, 3)):
        at, until = sorted(random.choices(range(len(data) + 1), k=2))
        until = min(until, at + random.choice((1, 2, 8, 40)))
        middle = random.choice((b"", random.choice(PIECES), random.choice(PIECES), data[at:until]))
        if random.random() < 0.2:
            middle = bytes([random.randrange(256)])
        data = data[:at] + middle + data[until if random.random() < 0.6 else at :]
    if random.random() < 0.7:
        data = chunk(data.partition(b"\r\n")[2].removesuffix(b"\r\n"))
    return data


class Exact:
    """The parser that is always right, fed with what the core is asked about."""

    def __init__(self) -> None:
        self.body, self.events = ChunkedBody(), EventStream()

    def feed(self, data: bytes) -> tuple[int, int] | None:
        """Frames and tokens of a read; None if it is no plain one."""
        events = self.events
        frames, tokens = events.frames, events.tokens
        try:
            events.feed(self.body.feed(data))
        except MalformedError:
            return None
        over = events.done or events.finished or events.error is not None or self.body.ended
        if over or not self.opening:
            return None
        return events.frames - frames, events.tokens - tokens

    @property
    def opening(self) -> bytes:
        """How text begins in the frames to come; empty if no read may be counted below."""
        return self.events.opening if self.body.between_chunks else b""


def compare(
    core: Any, random: Random, reads: int = 12, as_seen: Callable[[bytes], Any] = bytes
) -> tuple[int, int]:
    """One stream, damaged here and there, through both; they must agree on what the core counts.

    Returns:
        Reads that the core counted, and all.
    """
    server, exact, plain, counted, seen = random.choice(SERVERS), Exact(), None, 0, 0
    for _ in range(reads):
        seen += 1
        data = read_of(random, server, max(exact.events.tokens, 0))
        if random.random() < 0.4:
            data = damaged(random, data)
        said = plain.tokens(as_seen(data)) if plain is not None else 0
        told = exact.feed(data)
        if said:
            assert told == (plain.frames, said), (data, plain.opening)
            counted += 1
        else:
            plain = core.PlainFrames(exact.opening, exact.events.so_far) if exact.opening else None
        if exact.events.done or exact.events.error is not None or exact.body.ended or told is None:
            break
    return counted, seen
