"""Serves a tiny random model with llama.cpp's server: `python llama_server.py FOLDER PORT`.

Runs in the environment that has `xllamacpp` and `gguf`. The model says random words; its size is
that of a toy, its server is the real one.
"""

import signal
import sys
from pathlib import Path

import gguf
import numpy as np
import xllamacpp

WORDS = 200
WIDTH, HEADS, INNER, CONTEXT = 32, 4, 64, 32_768


def write(path: Path) -> None:
    """A llama of one layer with random weights."""
    random = np.random.default_rng(1)
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    kinds = [gguf.TokenType.UNKNOWN, *[gguf.TokenType.CONTROL] * 2, *[gguf.TokenType.BYTE] * 256]
    tokens += [f"\u2581w{word}" for word in range(WORDS)]
    kinds += [gguf.TokenType.NORMAL] * WORDS
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)

    def add(name: str, *shape: int, scale: float = 0.3) -> None:
        writer.add_tensor(name, (random.standard_normal(shape) * scale).astype(np.float32))

    add("token_embd.weight", len(tokens), WIDTH)
    for part in ("q", "k", "v", "output"):
        add(f"blk.0.attn_{part}.weight", WIDTH, WIDTH)
    add("blk.0.ffn_gate.weight", INNER, WIDTH)
    add("blk.0.ffn_up.weight", INNER, WIDTH)
    add("blk.0.ffn_down.weight", WIDTH, INNER)
    for norm in ("blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"):
        writer.add_tensor(f"{norm}.weight", np.ones(WIDTH, np.float32))
    head = random.standard_normal((len(tokens), WIDTH)).astype(np.float32)
    head[: len(tokens) - WORDS] = 0  # words are likely, bytes of letters are not
    writer.add_tensor("output.weight", head)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main(folder: str, port: str) -> None:
    """Write the model and serve it until SIGTERM."""
    path = Path(folder, "tiny.gguf")
    write(path)
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = 4 * CONTEXT
    params.n_parallel = 4
    params.port = int(port)
    params.hostnames = ["127.0.0.1"]
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)  # noqa: T201
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:3])
