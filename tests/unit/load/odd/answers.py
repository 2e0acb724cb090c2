"""Answers as servers in the wild give them, one oddity a name, and what is right about each.

A word is a token that comes 10 ms after the one before. What is right is written beside what is
sent, so that a reader sees both.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import Any

WORD_S = 0.01
EVENTS = b"Content-Type: text/event-stream\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
HEAD = OK + EVENTS + CHUNKED + b"\r\n"
CLOSING = OK + EVENTS + b"Connection: close\r\n\r\n"
DONE = b"data: [DONE]\n\n"

Piece = bytes | float
"""Bytes of one HTTP chunk, or seconds to wait."""


@dataclass(frozen=True)
class Odd:
    """An answer and what must be made of it.

    Attributes:
        says: What the server says behind the head.
        outcome: How the request ended.
        tokens: How many output tokens it had.
        by: Who counted them; `usage` goes with gaps of each token, `spread` with shared ones.
        words: What stands in the detail of a failure.
        good: Whether it meets goals of 1 s and 50 ms.
        head: Status line and headers.
        chunked: Whether pieces are HTTP chunks.
        end: What follows the last piece.
        closes: The connection is closed then.
    """

    says: tuple[Piece, ...]
    outcome: str = "ok"
    tokens: int = 0
    by: str = "chunks"
    words: str = ""
    good: bool = True
    head: bytes = HEAD
    chunked: bool = True
    end: bytes = b"0\r\n\r\n"
    closes: bool = False


def event(value: Any, **style: Any) -> bytes:
    separators = style.pop("separators", (",", ":"))
    return b"data: " + json.dumps(value, separators=separators, **style).encode() + b"\n\n"


def frame(delta: dict[str, Any] | None = None, finish: Any = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return event({"id": "c-1", "choices": [choice], **more})


def usage(tokens: Any, prompt: Any = 9) -> dict[str, Any]:
    return {"prompt_tokens": prompt, "completion_tokens": tokens}


def last(tokens: Any) -> bytes:
    return event({"id": "c-1", "choices": [], "usage": usage(tokens)})


def words(n: int, field: str = "content", pause_s: float = WORD_S) -> tuple[Piece, ...]:
    return tuple(p for i in range(n) for p in (pause_s, frame({field: f"w{i} "})))


def ends(reason: Any, tokens: int = 3) -> tuple[Piece, ...]:
    return (*words(tokens), frame({}, reason), DONE)


def bare(*texts: str) -> tuple[Piece, ...]:
    return (*words(2), *(text.encode() for text in texts))


STOP = (frame({}, "stop"), DONE)
COUNTED = {
    "several-tokens-a-frame": Odd(
        (
            *(p for _ in range(6) for p in (0.04, frame({"content": "a b c d "}))),
            *(frame({}, "length"), last(24), DONE),
        ),
        tokens=24, by="spread",
    ),
    "running-usage": Odd(
        (
            *(
                p
                for i in range(1, 7)
                for p in (0.04, frame({"content": "a b c d "}, usage=usage(4 * i)))
            ),
            *(frame({}, "length", usage=usage(24)), DONE),
        ),
        tokens=24, by="usage",
    ),
    "usage-zero-in-every-frame": Odd(
        (
            *(p for _ in range(9) for p in (WORD_S, frame({"content": "x "}, usage=usage(0)))),
            *(frame({}, "length", usage=usage(9)), DONE),
        ),
        tokens=9, by="usage",
    ),
    "usage-zero": Odd((*words(9), frame({}, "length"), last(0), DONE), tokens=9),
    "usage-too-low": Odd((*words(9), frame({}, "length"), last(3), DONE), tokens=9),
    "usage-zero-and-slow": Odd(
        (*words(4, pause_s=0.2), frame({}, "length"), last(0), DONE), tokens=4, good=False
    ),
    "usage-then-null": Odd(
        (*words(9), frame({}, "length", usage=usage(9)), event({"usage": None}), DONE),
        tokens=9, by="usage",
    ),
    "usage-twice": Odd(
        (*words(9), frame({}, "length", usage=usage(9)), last(3), DONE), tokens=9, by="usage"
    ),
    "usage-elsewhere": Odd(
        (*words(9), frame({}, "length", x_groq={"usage": usage(9)}), DONE), tokens=9
    ),
    "usage-as-float": Odd((*words(9), frame({}, "length"), last(9.0), DONE), tokens=9, by="usage"),
    "usage-behind-done": Odd((*words(9), frame({}, "length"), DONE, last(9)), tokens=9),
    "reasoning-not-counted": Odd(
        (*words(9, "reasoning_content"), frame({}, "length"), last(0), DONE), tokens=9
    ),
}  # fmt: skip
ENDINGS = {
    **{
        f"finish-{reason}": Odd(ends(reason), "aborted", 3, words=f"finish_reason {reason}")
        for reason in ("abort", "cancelled", "error", "timeout_error", "content_filter")
    },
    "finish-object": Odd(
        ends({"type": "abort", "message": "queue is full", "status_code": 503}),
        "aborted", 3, words="finish_reason abort: queue is full",
    ),
    "finish-object-stop": Odd(ends({"type": "stop", "matched": 2}), tokens=3),
    **{f"finish-{reason}": Odd(ends(reason), tokens=3) for reason in ("EOS", "tool_calls")},
    "finish-empty-until-the-end": Odd(
        (WORD_S, frame({"content": "a"}, ""), WORD_S, frame({"content": "b"}, ""), *STOP), tokens=2
    ),
    "only-done": Odd((0.02, DONE), "empty", words="only [DONE]"),
    "empty-stop": Odd(
        (frame({"role": "assistant", "content": ""}), frame({}, "stop"), last(0), DONE),
        "empty", words="finish_reason stop",
    ),
    "hidden-output": Odd(
        (0.02, frame({}, "length"), last(16), DONE), "empty", words="usage says 16 tokens"
    ),
    "done-without-finish": Odd((*words(3), DONE), "truncated", 3, words="[DONE] came before"),
    "neither": Odd(words(5), "truncated", 5, words="the stream ended before a finish reason"),
    "done-in-lower-case": Odd((*words(3), frame({}, "stop"), b"data: [done]\n\n"), tokens=3),
    "no-done-but-a-close": Odd(
        (*words(5), frame({}, "stop")), tokens=5, head=CLOSING, chunked=False, closes=True, end=b""
    ),
    "no-last-line-end": Odd(
        (*words(5), frame({}, "stop").rstrip()),
        tokens=5, head=CLOSING, chunked=False, closes=True, end=b"",
    ),
    "cut-in-the-middle": Odd(words(3), "truncated", 3, end=b"", closes=True),
    "silent-behind-finish": Odd((*words(3), frame({}, "stop"), 3.0), tokens=3),
    "open-behind-done": Odd((*words(3), *STOP, 3.0), tokens=3),
    "last-frame-with-text": Odd((*words(5), frame({"content": "end"}, "stop"), DONE), tokens=6),
    "empty-text-behind-stop": Odd(
        (*words(5), frame({"content": ""}, "stop"), frame({"content": ""}), DONE), tokens=5
    ),
}  # fmt: skip
ERRORS = {
    name: Odd((*words(3), event(error), DONE), "error_in_stream", 3, words=said)
    for name, error, said in (
        ("error-object", {"error": {"message": "no worker", "code": 504}}, "no worker"),
        ("error-text", {"error": "overloaded"}, "overloaded"),
        ("error-without-its-field", {"object": "error", "message": "engine died"}, "engine died"),
        ("error-by-type", {"type": "error", "message": "engine died"}, "engine died"),
        ("error-detail", {"detail": "backend timeout"}, "backend timeout"),
        ("error-detail-list", {"detail": [{"msg": "field required"}]}, "field required"),
        ("error-list", {"errors": [{"message": "boom"}]}, "boom"),
        ("error-message-only", {"message": "gone", "code": 500}, "gone"),
        (
            "error-in-a-choice",
            {"choices": [{"delta": {}, "error": {"message": "upstream"}, "finish_reason": "stop"}]},
            "upstream",
        ),
    )
} | {
    "error-line-without-data": Odd(
        bare('{"error":{"message":"cuda went away"}}\n'),
        "error_in_stream", 2, words="cuda went away",
    ),
    "error-as-a-field": Odd(
        bare('error: {"code":500,"message":"context is full"}\n\n'),
        "error_in_stream", 2, words="context is full",
    ),
    "error-event": Odd(
        bare('event: error\ndata: {"message":"kaput"}\n\n'), "error_in_stream", 2, words="kaput"
    ),
    "error-event-in-a-comment": Odd(
        bare("event: error\n: engine died\n\n"), "error_in_stream", 2, words="engine died"
    ),
    "last-words": Odd(
        bare("upstream connect error\n"), "truncated", 2, words="upstream connect error"
    ),
    "error-null": Odd((*words(3), frame({}, "stop", error=None), DONE), tokens=3),
}  # fmt: skip
LOGPROB = {"content": [{"token": "w", "logprob": -1.0}]}


def choice(**parts: Any) -> bytes:
    return event({"id": "c", "choices": [{"index": 0, **parts}]})


CALL = {"tool_calls": [{"index": 0, "function": {"arguments": "a"}}]}
OUTPUT = {
    "reasoning-first": Odd((*words(4, "reasoning_content"), *words(4), *STOP), tokens=8),
    "reasoning-only": Odd((*words(6, "reasoning"), *STOP), tokens=6),
    "tool-calls": Odd(
        (*(p for _ in range(6) for p in (WORD_S, frame(CALL))), frame({}, "tool_calls"), DONE),
        tokens=6,
    ),
    "content-as-a-list": Odd(
        (
            *(
                p
                for _ in range(6)
                for p in (WORD_S, frame({"content": [{"type": "text", "text": "w"}]}))
            ),
            *STOP,
        ),
        tokens=6,
    ),
    "logprobs-first": Odd(
        (
            *(
                p
                for _ in range(6)
                for p in (
                    WORD_S,
                    choice(logprobs=LOGPROB, finish_reason=None, delta={"content": "w"}),
                )
            ),
            *STOP,
        ),
        tokens=6,
    ),
    "space-before-colon": Odd(
        (
            *(
                p
                for _ in range(6)
                for p in (
                    WORD_S,
                    b'data: { "choices" : [ { "delta" : { "content" : "w" } ,'
                    b' "finish_reason" : null } ] }\n\n',
                )
            ),
            b'data: { "choices" : [ { "delta" : { } , "finish_reason" : "stop" } ] }\n\n',
            b'data: { "choices" : [ ], "usage" : { "completion_tokens" : 6 } }\n\n',
            DONE,
        ),
        tokens=6, by="usage",
    ),
    "other-choices-between": Odd(
        (
            *(
                p
                for i in range(6)
                for p in (
                    WORD_S,
                    event({"choices": [{"index": i % 2, "delta": {"content": "w"}}]}),
                )
            ),
            *STOP,
        ),
        tokens=6,
    ),
    "long-id": Odd((WORD_S, frame({"content": "w"}, id="x" * 5000), *STOP), tokens=1),
    "all-at-once": Odd((0.1, b"".join(p for p in words(20) if isinstance(p, bytes)) + STOP[0]
                        + last(20) + DONE), tokens=20, by="usage"),
}  # fmt: skip


def lines(text: bytes, line_end: bytes) -> bytes:
    return text.replace(b"\n", line_end)


def over_lines(value: bytes) -> bytes:
    text = json.dumps(json.loads(value[6:]), indent=1)
    return "".join(f"data: {line}\n" for line in text.split("\n")).encode() + b"\n"


def cut(size: int, *texts: str) -> tuple[Piece, ...]:
    whole = b"".join(frame({"content": text}) for text in texts) + b"".join(STOP)
    return tuple(whole[at : at + size] for at in range(0, len(whole), size))


def with_head(*more: bytes, status: bytes = OK, kind: bytes = EVENTS) -> bytes:
    return b"".join((status, kind, CHUNKED, *more)) + b"\r\n"


def changed(change: Any, n: int = 5) -> tuple[Piece, ...]:
    return tuple(p if isinstance(p, float) else change(p) for p in (*words(n), *STOP))


WIRE = {
    "events-over-several-lines": Odd(
        tuple(p if isinstance(p, float) else over_lines(p) for p in words(5)) + STOP, tokens=5
    ),
    "lines-ended-by-cr": Odd(changed(lambda p: lines(p, b"\r")), tokens=5),
    "lines-ended-by-crlf": Odd(
        changed(lambda p: b": ping\r\nevent: message\r\nid: 4\r\nretry: 1\r\n" + lines(p, b"\r\n")),
        tokens=5,
    ),
    "no-empty-lines-between": Odd(changed(lambda p: p[:-1]), tokens=5),
    "byte-order-mark": Odd((b"\xef\xbb\xbf" + frame({"content": "w"}), *words(4), *STOP), tokens=5),
    "ping-as-an-event": Odd(
        (*words(3), b"event: ping\ndata: ping\n\n", *words(3), *STOP), tokens=6
    ),
    "ping-as-an-object": Odd((*words(3), event({"type": "ping"}), *words(3), *STOP), tokens=6),
    "ping-as-data": Odd(
        (*words(3), b"data: ping\n\n", *words(3), *STOP), "malformed", 3, words="ping"
    ),
    "comments-first": Odd((b": PROCESSING\n\n", 0.05, b"\n", 0.05, *words(5), *STOP), tokens=5),
    "letters-cut": Odd(cut(7, "日本", "語😀", "é", "ok"), tokens=4),
    "http-1-0": Odd(
        (*words(5), *STOP),
        tokens=5, head=b"HTTP/1.0 200 OK\r\n" + EVENTS + b"\r\n", chunked=False, end=b"",
        closes=True,
    ),
    "connection-close-in-capitals": Odd(
        (*words(5), *STOP), tokens=5, head=with_head(b"Connection: Close\r\n"), closes=True
    ),
    "keep-alive-promised-and-closed": Odd(
        (*words(3), *STOP), tokens=3, head=with_head(b"Connection: keep-alive\r\n"), closes=True
    ),
    "trailers": Odd((*words(5), *STOP), tokens=5, end=b"0\r\nX-Time: 3\r\nX-More: a\r\n\r\n"),
    "packed": Odd(
        (gzip.compress(b"data: x\n\n"),), "malformed", words="gzip",
        head=with_head(b"Content-Encoding: gzip\r\n"),
    ),
    "media-type-in-capitals": Odd(
        (*words(5), *STOP), tokens=5,
        head=with_head(kind=b"Content-Type: Text/Event-Stream; charset=UTF-8\r\n"),
    ),
    "media-type-text": Odd(
        (*words(5), *STOP), "malformed", words="text/plain",
        head=with_head(kind=b"Content-Type: text/plain\r\n"),
    ),
    "status-201": Odd(
        (*words(5), *STOP), tokens=5, head=with_head(status=b"HTTP/1.1 201 Created\r\n")
    ),
    "busy": Odd(
        (b'{"error":{"message":"slow down"}}',), "refused", words="429: slow down",
        head=b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\n" + CHUNKED + b"\r\n",
    ),
}  # fmt: skip
ODD: dict[str, Odd] = COUNTED | ENDINGS | ERRORS | OUTPUT | WIRE
