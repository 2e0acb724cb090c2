"""How long texts are in tokens: by the tokenizer of the served model, or by a named estimate.

The tokenizer needs a file that belongs to a gated model. The estimate needs nothing: it counts
what byte-pair tokenizers of this family split a text into before they look for longer pieces.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gtc_spec.errors import UsageError

ESTIMATE: Final = "estimate-pieces-1"
ESTIMATE_ERROR: Final = "within 1 % in total, -13 to +4 % on one text"
"""Measured on 2026-11-25 against Llama 3's own vocabulary (llama3-tokenizer-js 1.2.0): our 73
passages -0.4 %, 90 prompts +0.2 %, 20 documents made of them -0.1 %, 12 licence texts +0.6 %."""
HUB_S: Final = 10.0
"""Longest wait for the first answer of the hub."""

_TOKENS_A_PIECE = 1.03
"""A few rare words are split further; fitted to the texts named above."""
_PIECE = re.compile(r"[^\W\d_]+|\d{1,3}|\n+|[^\s\w]+|_+")


@dataclass(frozen=True)
class TokenCounter:
    """Counts tokens.

    Attributes:
        name: Says in every record who counted.
        error: How far it is off, as text; empty when it is the model's own.
        count: Tokens of a text.
    """

    name: str
    error: str
    count: Callable[[str], int]


def estimate() -> TokenCounter:
    """Words, groups of up to three digits, runs of other signs and of line ends."""

    def count(text: str) -> int:
        return max(1, round(len(_PIECE.findall(text)) * _TOKENS_A_PIECE))

    return TokenCounter(ESTIMATE, ESTIMATE_ERROR, count)


def from_file(path: Path) -> TokenCounter:
    """The tokenizer in a ``tokenizer.json``.

    Raises:
        UsageError: It is none.
    """
    return _by_tokenizer(path, f"tokenizer {path.parent.name}/{path.name}")


def of_model(repository: str, token: str) -> tuple[TokenCounter, str]:
    """The tokenizer of a model, or the estimate and why.

    Args:
        repository: On HuggingFace.
        token: For gated models; empty for none.
    """
    if not token:
        return estimate(), "HF_TOKEN is not set"
    # heavy, and only who builds a corpus counts; the panel imports this module, too
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        path = hf_hub_download(repository, "tokenizer.json", token=token, etag_timeout=HUB_S)
        return _by_tokenizer(Path(path), f"tokenizer {repository}"), ""
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "no answer"
        return estimate(), f"the hub answered {status} for {repository}"
    except (LocalEntryNotFoundError, OSError, ValueError, UsageError) as error:
        words = str(error).split("\n")[0][:120]
        return estimate(), f"no tokenizer of {repository} at hand: {words}"


def _by_tokenizer(path: Path, name: str) -> TokenCounter:
    from tokenizers import Tokenizer  # likewise

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare exceptions
        words = str(error).split("\n")[0]
        raise UsageError(f"{path} is no tokenizer: {words}") from None
    return TokenCounter(
        name, "", lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids) or 1
    )
