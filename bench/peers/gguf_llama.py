"""Writes Llama-shaped models of random weights as GGUF files in 4 bits, with the tokenizer of another GGUF file.

    python bench/peers/gguf_llama.py TOKENIZER.gguf TARGET_DIRECTORY

0.5b-q4_0.gguf, 1.1b-q4_0.gguf, 1.1b-q4_k_m.gguf. The blocks are random bits under scales that keep activations near
one, since what a model says does not matter to how fast it says it. Q4_K_M has the types that llama.cpp gives them: Q6_K
for the embedding and for half of `attn_v` and `ffn_down`, Q4_K for the others.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type


@dataclass(frozen=True)
class Shape:
    dim: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    mlp_dim: int


SHAPES = {
    "0.5b": Shape(dim=1280, num_layers=24, num_heads=20, num_kv_heads=4, mlp_dim=3328),
    "1.1b": Shape(dim=2048, num_layers=22, num_heads=32, num_kv_heads=4, mlp_dim=5632),
}
# Bytes of a block, numbers of it, where its float16 numbers are, and what one of its integers has for a variance.
BLOCKS = {
    Type.Q4_0: (18, 32, {0: 1.0}, 21.5),
    Type.Q4_K: (144, 256, {0: 1.0, 2: 7.5}, 21.5 * 37**2),
    Type.Q6_K: (210, 256, {208: 1.0}, 341 * 74**2),
}


def random_rows(random: np.random.Generator, num_out: int, depth: int, quant_type: Type) -> np.ndarray:
    """[num_out, bytes of a row]: numbers with a variance of about 1 / depth."""
    block_bytes, block_numbers, halves, variance = BLOCKS[quant_type]
    blocks = random.integers(0, 256, (num_out * depth // block_numbers, block_bytes), dtype=np.uint8)
    if quant_type == Type.Q4_K:
        # The minimum of a block has the integer of its scale, so that the numbers of the block have no mean.
        blocks[:, 8:12] = blocks[:, 4:8]
        low = blocks[:, 12:16] & 15
        blocks[:, 12:16] = low | low << 4
    scale = np.sqrt(1 / depth / variance)
    for place, factor in halves.items():
        half = np.float16(scale * factor)
        blocks[:, place : place + 2] = np.frombuffer(half.tobytes(), dtype=np.uint8)
    return blocks.reshape(num_out, -1)


def type_of(name: str, layer: int, shape: Shape, mixture: str) -> Type:
    if mixture == "q4_0":
        return Type.Q4_0
    uses_more_bits = layer < shape.num_layers // 8 or layer >= 7 * shape.num_layers // 8 or layer % 3 == 2
    is_wide = name == "token_embd" or (name in ("attn_v", "ffn_down") and uses_more_bits)
    return Type.Q6_K if is_wide else Type.Q4_K


def copy_tokenizer(reader: gguf.GGUFReader, writer: gguf.GGUFWriter) -> int:
    """Copies the tokenizer's fields; how many tokens it has."""
    num_tokens = 0
    for field in reader.fields.values():
        if not field.name.startswith("tokenizer."):
            continue
        value_type = field.types[0]
        sub_type = field.types[-1] if value_type == gguf.GGUFValueType.ARRAY else None
        contents = field.contents()
        writer.add_key_value(field.name, contents, value_type, sub_type)
        if field.name == gguf.Keys.Tokenizer.LIST:
            num_tokens = len(contents)
    return num_tokens


def write_model(path: Path, tokenizer: Path, shape: Shape, mixture: str) -> None:
    random = np.random.default_rng(1)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(2048)
    writer.add_embedding_length(shape.dim)
    writer.add_block_count(shape.num_layers)
    writer.add_feed_forward_length(shape.mlp_dim)
    writer.add_head_count(shape.num_heads)
    writer.add_head_count_kv(shape.num_kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10_000.0)
    vocab_size = copy_tokenizer(gguf.GGUFReader(tokenizer), writer)
    writer.add_vocab_size(vocab_size)

    def add_matrix(name: str, layer: int, num_out: int, depth: int) -> None:
        full_name = f"{name}.weight" if layer < 0 else f"blk.{layer}.{name}.weight"
        quant_type = type_of(name, layer, shape, mixture)
        rows = random_rows(random, num_out, depth, quant_type)
        writer.add_tensor(full_name, rows, raw_dtype=quant_type)

    def add_norm(name: str) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(shape.dim, dtype=np.float32))

    kv_dim = shape.dim // shape.num_heads * shape.num_kv_heads
    add_matrix("token_embd", -1, vocab_size, shape.dim)
    add_norm("output_norm")
    for layer in range(shape.num_layers):
        add_norm(f"blk.{layer}.attn_norm")
        add_matrix("attn_q", layer, shape.dim, shape.dim)
        add_matrix("attn_k", layer, kv_dim, shape.dim)
        add_matrix("attn_v", layer, kv_dim, shape.dim)
        add_matrix("attn_output", layer, shape.dim, shape.dim)
        add_norm(f"blk.{layer}.ffn_norm")
        add_matrix("ffn_gate", layer, shape.mlp_dim, shape.dim)
        add_matrix("ffn_up", layer, shape.mlp_dim, shape.dim)
        add_matrix("ffn_down", layer, shape.dim, shape.mlp_dim)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("target", type=Path)
    args = parser.parse_args()
    args.target.mkdir(parents=True, exist_ok=True)
    for size, mixture in (("0.5b", "q4_0"), ("1.1b", "q4_0"), ("1.1b", "q4_k_m")):
        write_model(args.target / f"{size}-{mixture}.gguf", args.tokenizer, SHAPES[size], mixture)


if __name__ == "__main__":
    main()
