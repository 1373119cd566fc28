"""Writes GPT-2 of a model directory as GGUF files that node-llama-cpp opens, for `npm run bench -- --peers`.

    python bench/peers/gguf_gpt2.py MODEL_DIRECTORY TARGET_DIRECTORY

f32.gguf, f16.gguf and q8_0.gguf: matrices in that type, vectors and positions in float32, as llama.cpp's converter
keeps them. The vocabulary is made up, since no text is tokenized.
"""

import argparse
import json
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType
from gguf.quants import quantize
from safetensors.numpy import load_file

CONV1D = ("c_attn.weight", "c_proj.weight", "c_fc.weight")
TYPES = (GGMLQuantizationType.F32, GGMLQuantizationType.F16, GGMLQuantizationType.Q8_0)


def write_header(writer: gguf.GGUFWriter, config: dict) -> None:
    writer.add_context_length(config["n_positions"])
    writer.add_embedding_length(config["n_embd"])
    writer.add_block_count(config["n_layer"])
    writer.add_feed_forward_length(4 * config["n_embd"])
    writer.add_head_count(config["n_head"])
    writer.add_layer_norm_eps(config["layer_norm_epsilon"])
    tokens = [f"t{index}" for index in range(config["vocab_size"])]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.NORMAL] * len(tokens))
    writer.add_token_merges(["t 0"])


def write_file(path: Path, quant_type: GGMLQuantizationType, weights: dict[str, np.ndarray], config: dict) -> None:
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.GPT2, config["n_layer"])
    writer = gguf.GGUFWriter(path, "gpt2")
    write_header(writer, config)
    for tensor_name, values in weights.items():
        values = np.ascontiguousarray(values.T if tensor_name.endswith(CONV1D) else values)  # [out, in]
        as_float = values.ndim == 1 or "wpe" in tensor_name
        stored_type = GGMLQuantizationType.F32 if as_float else quant_type
        name = names.get_name(tensor_name, try_suffixes=(".weight", ".bias"))
        writer.add_tensor(name, quantize(values, stored_type), raw_dtype=stored_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("target", type=Path)
    args = parser.parse_args()
    config = json.loads((args.model / "config.json").read_text())
    weights = load_file(args.model / "model.safetensors")
    args.target.mkdir(parents=True, exist_ok=True)
    for quant_type in TYPES:
        write_file(args.target / f"{quant_type.name.lower()}.gguf", quant_type, weights, config)


if __name__ == "__main__":
    main()
