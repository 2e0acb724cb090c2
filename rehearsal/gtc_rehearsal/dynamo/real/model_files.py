"""A model without weights: the true shapes of Llama 3.1 and a tokenizer of the true size.

vLLM fills it with random numbers (``--load-format dummy``). So steps, transfers and memory are
those of the real model and the answers are noise; every token prints, because a client times
tokens by the text that arrives. It must not know where the files go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from gtc_spec.engines.mocker import model_files
from gtc_spec.errors import GtcError

VOCABULARY: Final = 128_256
"""Tokens of Llama 3.1; the last matrix of every step has this many rows."""
SHAPES: Final[Mapping[float, Mapping[str, int]]] = {
    8.03: {
        "hidden_size": 4_096,
        "intermediate_size": 14_336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
    },
    70.6: {
        "hidden_size": 8_192,
        "intermediate_size": 28_672,
        "num_hidden_layers": 80,
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
    },
}
"""Of Llama 3.1 by billions of parameters, from its published configuration."""
_SPACE: Final = "\u0120"
"""How a byte-level tokenizer writes the space before a word."""


def random_weights(parameters_billion: float) -> dict[str, bytes]:
    """Name and content of every file that frontend and workers read.

    Args:
        parameters_billion: Size of the model, as in `gtc_spec.serving.CHECKPOINTS`.

    Raises:
        GtcError: There are no shapes of that size.
    """
    shape = SHAPES.get(parameters_billion)
    if shape is None:
        raise GtcError(
            f"no shapes of a model with {parameters_billion:g} billion parameters, allowed: "
            + " or ".join(f"{each:g}" for each in SHAPES),
            "--weights DIR serves any model",
        )
    files = model_files()
    config = json.loads(files["config.json"])
    heads, hidden = shape["num_attention_heads"], shape["hidden_size"]
    config |= {
        **shape,
        "head_dim": hidden // heads,
        "vocab_size": VOCABULARY,
        "tie_word_embeddings": False,
    }
    return files | {
        "config.json": json.dumps(config, indent=1).encode() + b"\n",
        "tokenizer.json": _filled(files["tokenizer.json"]),
    }


def _filled(tokenizer: bytes) -> bytes:
    """The rehearsal's tokenizer with a printable word for every further token."""
    document = json.loads(tokenizer)
    vocabulary = document["model"]["vocab"]
    for number in range(len(vocabulary), VOCABULARY):
        vocabulary[f"{_SPACE}w{number}"] = number
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"
