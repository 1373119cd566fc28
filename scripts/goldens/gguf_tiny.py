"""Writes tests/fixtures/gguf/tiny-gpt2-*.gguf from tests/fixtures/tiny-gpt2, and how transformers continues prompts
with the weights that PyPI's `gguf` reads back from each."""

import json
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType
from gguf.quants import dequantize, quantize
from safetensors.numpy import load_file
from tokenizers import Regex, Tokenizer, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel

FIXTURES = Path(__file__).parents[2] / "tests" / "fixtures"
SOURCE = FIXTURES / "tiny-gpt2"
TARGET = FIXTURES / "gguf"

NAMES = gguf.get_tensor_name_map(gguf.MODEL_ARCH.GPT2, 2)
# LLAMA_VOCAB_PRE_TYPE_DEFAULT in llama.cpp's llama-vocab.cpp; what no pattern matches is a piece of its own.
DEFAULT_PATTERNS = [
    r"[\p{P}\$\+<=>\^~\|]+",
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)",
    r"\p{N}+",
    r"[0-9][0-9][0-9]",
]
CONV1D = ("c_attn.weight", "c_proj.weight", "c_fc.weight")


def write_header(writer: gguf.GGUFWriter, config: dict) -> None:
    writer.add_context_length(config["n_positions"])
    writer.add_embedding_length(config["n_embd"])
    writer.add_block_count(config["n_layer"])
    writer.add_feed_forward_length(4 * config["n_embd"])
    writer.add_head_count(config["n_head"])
    writer.add_layer_norm_eps(config["layer_norm_epsilon"])
    tokenizer = json.loads((SOURCE / "tokenizer.json").read_text())
    vocab = tokenizer["model"]["vocab"]
    special = {token["content"] for token in tokenizer["added_tokens"]}
    tokens = sorted(vocab, key=vocab.get)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])


def write_variant(name: str, quant_type: GGMLQuantizationType, config: dict) -> dict[str, torch.Tensor]:
    """The weights as read back, under transformers' names."""
    writer = gguf.GGUFWriter(TARGET / f"tiny-gpt2-{name}.gguf", "gpt2")
    write_header(writer, config)
    read_back = {}
    for tensor_name, values in load_file(SOURCE / "model.safetensors").items():
        transposed = tensor_name.endswith(CONV1D)
        values = np.ascontiguousarray(values.T if transposed else values)  # [out, in]
        # llama.cpp keeps vectors and positions in float32.
        as_float = values.ndim == 1 or "wpe" in tensor_name
        stored_type = GGMLQuantizationType.F32 if as_float else quant_type
        stored = quantize(values, stored_type)
        stem = NAMES.get_name(tensor_name, try_suffixes=(".weight", ".bias"))
        writer.add_tensor(stem, stored, raw_dtype=stored_type)
        back = dequantize(stored.view(np.uint8), stored_type).reshape(values.shape)
        read_back[tensor_name] = torch.from_numpy(np.ascontiguousarray(back.T if transposed else back))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return read_back


@torch.no_grad()
def continue_greedily(model: GPT2LMHeadModel, prompt: list[int], length: int) -> list[int]:
    tokens = list(prompt)
    for _ in range(length):
        tokens.append(int(model(torch.tensor([tokens])).logits[0, -1].argmax()))
    return tokens[len(prompt) :]


def write_pre_tokenizers() -> None:
    """How `tokenizers` encodes with what llama.cpp calls `default` and `smollm`; the latter as SmolLM's own file has it."""
    texts = [golden["text"] for golden in json.loads((SOURCE / "tokenizer-goldens.json").read_text())["encode"]]
    texts += ["in 1234567 days:\n\n\t\"x<=y^2\" && $5.00 ~|~", "the water'll, (said 345 birds)... 'tis"]
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    default = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in DEFAULT_PATTERNS]
    variants = {
        "default": [*default, byte_level],
        "smollm": [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)],
    }
    goldens = {}
    for name, steps in variants.items():
        tokenizer = Tokenizer.from_file(str(SOURCE / "tokenizer.json"))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
        goldens[name] = [dict(text=text, ids=tokenizer.encode(text).ids) for text in texts]
    (TARGET / "pre-tokenizers.json").write_text(json.dumps(goldens) + "\n")


def main() -> None:
    write_pre_tokenizers()
    config = json.loads((SOURCE / "config.json").read_text())
    prompts = json.loads((SOURCE / "completions.json").read_text())
    TARGET.mkdir(exist_ok=True)
    for name in ("F32", "F16", "Q8_0"):
        weights = write_variant(name.lower(), GGMLQuantizationType[name], config)
        model = GPT2LMHeadModel(GPT2Config(**config)).eval()
        missing, unexpected = model.load_state_dict(weights, strict=False)
        assert set(missing) <= {"lm_head.weight"} and not unexpected, (missing, unexpected)
        model.tie_weights()
        completions = [
            dict(
                promptTokenIds=prompt["promptTokenIds"],
                tokenIds=continue_greedily(model, prompt["promptTokenIds"], len(prompt["tokenIds"])),
            )
            for prompt in prompts
        ]
        (TARGET / f"tiny-gpt2-{name.lower()}.json").write_text(json.dumps(completions) + "\n")


if __name__ == "__main__":
    main()
