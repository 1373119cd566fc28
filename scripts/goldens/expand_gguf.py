"""Writes the weights of a GGUF file of the `llama` architecture as a Hugging Face directory, in float32.

    python scripts/goldens/expand_gguf.py MODEL.gguf DIRECTORY

Widened by PyPI's `gguf`, with the rows of queries and keys back in Hugging Face's order. Needs nothing but `gguf`.
"""

import json
import struct
import sys
from pathlib import Path

import gguf
import numpy as np

# https://github.com/ggml-org/llama.cpp: gguf-py/gguf/tensor_mapping.py
NAMES = {
    "token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head",
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}  # fmt: skip


def hugging_face_name(name: str) -> str:
    *block, stem, suffix = name.split(".")
    prefix = f"model.layers.{block[1]}." if block else ""
    return f"{prefix}{NAMES[stem]}.{suffix}"


def config_of(reader: gguf.GGUFReader, has_head: bool) -> dict:
    def field(key: str):
        return reader.get_field(key).contents()

    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": field("llama.vocab_size"),
        "hidden_size": field("llama.embedding_length"),
        "intermediate_size": field("llama.feed_forward_length"),
        "num_hidden_layers": field("llama.block_count"),
        "num_attention_heads": field("llama.attention.head_count"),
        "num_key_value_heads": field("llama.attention.head_count_kv"),
        "max_position_embeddings": field("llama.context_length"),
        "rms_norm_eps": field("llama.attention.layer_norm_rms_epsilon"),
        "rope_theta": field("llama.rope.freq_base"),
        "tie_word_embeddings": not has_head,
        "bos_token_id": field("tokenizer.ggml.bos_token_id"),
        "eos_token_id": field("tokenizer.ggml.eos_token_id"),
    }


def in_hugging_face_order(values: np.ndarray, num_heads: int) -> np.ndarray:
    """Pairs side by side -> the first halves of all pairs, then the second ones, in each head."""
    return values.reshape(num_heads, -1, 2, values.shape[1]).swapaxes(1, 2).reshape(values.shape)


def write_safetensors(path: Path, tensors: dict[str, np.ndarray]) -> None:
    header, offset = {}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(encoded)) + encoded)
        for values in tensors.values():
            values.tofile(file)


def main() -> None:
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    reader = gguf.GGUFReader(source)
    config = config_of(reader, any(tensor.name == "output.weight" for tensor in reader.tensors))
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    tensors = {}
    for tensor in reader.tensors:
        shape = [int(size) for size in reversed(tensor.shape)]
        values = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32).reshape(shape)
        stem = tensor.name.split(".")[-2]
        if stem in heads:
            values = in_hugging_face_order(values, heads[stem])
        tensors[hugging_face_name(tensor.name)] = np.ascontiguousarray(values)
    target.mkdir(parents=True, exist_ok=True)
    write_safetensors(target / "model.safetensors", tensors)
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
