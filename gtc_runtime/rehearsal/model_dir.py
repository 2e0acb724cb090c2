"""A model directory without a model: what a frontend needs to know a model that nobody loads.

The simulated workers compute no tokens, so all that is needed is a configuration, a tokenizer and
a chat template. The tokenizer is trained here from the text of this package; nothing is
downloaded. This module must not know Dynamo's processes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from gtc_spec.errors import GtcError

VOCABULARY_WORDS = 4500
"""Size of the tokenizer. Small on purpose: it gives the 1.3 tokens a word on the texts of the load
that every environment assumes at first; with 2,500 it would be 1.5."""

CONTEXT_TOKENS = 131_072
"""Context window of Llama 3.1 (its model card)."""

_SPECIAL_TOKENS = (
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<|unknown|>",
)
_CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] }}<|eot_id|>"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
_LAST_FILE = "tokenizer_config.json"
"""Written last: its presence says that the directory is complete."""
_FORMAT = "2"
"""Raise it when the way of building changes, so that older directories are not used again."""


def ensure_model_dir(root: Path, served_name: str) -> Path:
    """Make the model directory, or reuse the one that was made from the same text.

    The directory is `root/<fingerprint>/<served_name>`: Dynamo's frontend takes a served name for
    a path below its working directory, so it has to run in the directory's `working_dir`.

    Args:
        root: Where directories are kept; made when absent.
        served_name: Name such as "org/model"; becomes the last parts of the path.

    Returns:
        The directory.

    Raises:
        GtcError: The directory cannot be written.
    """
    texts = training_texts()
    home = root / _fingerprint(texts)
    directory = home / served_name
    if _complete(directory):
        return directory
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".making-", dir=home))
        _write(scratch, texts)
        _publish(scratch, directory)
    except OSError as error:
        raise GtcError(
            f"cannot write the model directory {directory}: {error.strerror or error}",
            "choose another place with GTC_STATE_DIR",
        ) from error
    return directory


def working_dir(model_dir: Path, served_name: str) -> Path:
    """The directory in which the served name is a path to `model_dir`."""
    return model_dir.parents[len(Path(served_name).parts) - 1]


def train_tokenizer(texts: Sequence[str]) -> Tokenizer:
    """Train the byte-pair tokenizer.

    The alphabet is printable ASCII: the simulator answers with random tokens, and tokens that are
    half a character would come out as empty chunks and spoil the time between tokens.
    """
    tokenizer = Tokenizer(models.BPE(unk_token=_SPECIAL_TOKENS[5], fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_WORDS,
        special_tokens=list(_SPECIAL_TOKENS),
        initial_alphabet=[chr(code) for code in range(0x21, 0x7F)] + ["Ġ", "Ċ"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def training_texts() -> list[str]:
    """Our own prose, the common words that it does not use, and the prompts of the load engine.

    A word in the middle of a sentence carries its space, so each listed word gets one, too.
    """
    own = resources.files("gtc_runtime.rehearsal") / "text"
    prose = (own / "prose.txt").read_text(encoding="ascii")
    words = (own / "words.txt").read_text(encoding="ascii").split()
    own_texts = resources.files("gtc_runtime.corpus").iterdir()
    files = sorted((f for f in own_texts if f.name.endswith(".json")), key=lambda f: f.name)
    prompts = [
        text for file in files for text in _strings(json.loads(file.read_text(encoding="utf-8")))
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


def _fingerprint(texts: Sequence[str]) -> str:
    parts = [_FORMAT, str(VOCABULARY_WORDS), _CHAT_TEMPLATE, *texts]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _write(directory: Path, texts: Sequence[str]) -> None:
    tokenizer = train_tokenizer(texts)
    tokenizer.save(str(directory / "tokenizer.json"))
    for name, content in _documents(tokenizer):
        (directory / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _documents(tokenizer: Tokenizer) -> Iterator[tuple[str, dict[str, Any]]]:
    """The JSON files beside the tokenizer; the shape is that of Llama 3.1 70B (its config)."""
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
        _LAST_FILE,
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<|begin_of_text|>",
            "eos_token": "<|eot_id|>",
            "unk_token": "<|unknown|>",
            "model_max_length": CONTEXT_TOKENS,
            "chat_template": _CHAT_TEMPLATE,
        },
    )


def _publish(scratch: Path, directory: Path) -> None:
    """Move a finished directory into place, unless another process was faster."""
    if not _complete(directory):
        shutil.rmtree(directory, ignore_errors=True)
        with contextlib.suppress(OSError):
            scratch.rename(directory)
            return
    shutil.rmtree(scratch, ignore_errors=True)
    if not _complete(directory):
        raise OSError(f"{directory} is in the way")


def _complete(directory: Path) -> bool:
    return (directory / _LAST_FILE).is_file()
