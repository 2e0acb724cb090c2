"""Make ``constructs/gtc_spec/simulated_model/``: what a frontend reads of a model nobody loads.

Simulated workers compute no tokens, so all that is needed is a configuration, a tokenizer and a
chat template. The tokenizer is trained from our own texts, nothing is downloaded; a second run
changes no byte. Run it again when the prompts of the load have changed much.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

ROOT: Final = Path(__file__).resolve().parent.parent
TARGET: Final = ROOT / "constructs" / "gtc_spec" / "simulated_model"
OWN_TEXTS: Final = Path(__file__).with_name("simulated_model")
CORPUS: Final = ROOT / "gtc_runtime" / "corpus"

VOCABULARY_WORDS: Final = 4500
"""Size of the tokenizer. Small on purpose: it gives the 1.3 tokens a word on the texts of the load
that every environment assumes at first; with 2,500 it would be 1.5."""
CONTEXT_TOKENS: Final = 131_072
"""Context window of Llama 3.1 (its model card)."""

SPECIAL_TOKENS: Final = (
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<|unknown|>",
)
_CHAT_TEMPLATE: Final = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] }}<|eot_id|>"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)


def files() -> dict[str, str]:
    """Name and text of every file."""
    tokenizer = train_tokenizer(training_texts())
    trained = json.loads(tokenizer.to_str())
    documents = {"tokenizer.json": trained, **dict(_documents(tokenizer))}
    return {
        name: json.dumps(content, separators=(",", ":"), ensure_ascii=False) + "\n"
        for name, content in documents.items()
    }


def train_tokenizer(texts: Sequence[str]) -> Tokenizer:
    """Train the byte-pair tokenizer.

    The alphabet is printable ASCII: the simulator answers with random tokens, and tokens that are
    half a character would come out as empty chunks and spoil the time between tokens.
    """
    tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL_TOKENS[5], fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_WORDS,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=[chr(code) for code in range(0x21, 0x7F)] + ["Ġ", "Ċ"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def training_texts() -> list[str]:
    """Our own prose, the common words that it does not use, and the prompts of the load engine.

    A word in the middle of a sentence carries its space, so each listed word gets one, too.
    """
    prose = (OWN_TEXTS / "prose.txt").read_text(encoding="ascii")
    words = (OWN_TEXTS / "words.txt").read_text(encoding="ascii").split()
    prompts = [
        text
        for file in sorted(CORPUS.glob("*.json"))
        for text in _strings(json.loads(file.read_text(encoding="utf-8")))
    ]
    return [prose, " " + " ".join(words), *prompts]


def _strings(document: Any) -> Iterator[str]:
    """Every string value of a JSON document."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for value in document.values():
            yield from _strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from _strings(value)


def _documents(tokenizer: Tokenizer) -> Iterator[tuple[str, dict[str, Any]]]:
    """The files beside the tokenizer; the shape is that of Llama 3.1 70B (its config)."""
    end = tokenizer.token_to_id("<|eot_id|>")
    begin = tokenizer.token_to_id("<|begin_of_text|>")
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": 8192,
        "intermediate_size": 28672,
        "num_hidden_layers": 80,
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "rope_theta": 500000.0,
        "torch_dtype": "bfloat16",
        "vocab_size": tokenizer.get_vocab_size(),
        "max_position_embeddings": CONTEXT_TOKENS,
        "bos_token_id": begin,
        "eos_token_id": end,
    }
    yield "config.json", config
    yield "generation_config.json", {"bos_token_id": begin, "eos_token_id": [end]}
    yield (
        "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<|begin_of_text|>",
            "eos_token": "<|eot_id|>",
            "unk_token": "<|unknown|>",
            "model_max_length": CONTEXT_TOKENS,
            "chat_template": _CHAT_TEMPLATE,
        },
    )


def main() -> int:
    """Write every file and return an exit code."""
    TARGET.mkdir(exist_ok=True)
    for name, text in files().items():
        (TARGET / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
