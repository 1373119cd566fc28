"""Writes the GGUF files beside the tiny models of architectures.py, by llama.cpp's own converter.

    pip download --no-deps --no-binary :all: llama-cpp-python==0.3.36 && tar xf llama_cpp_python-0.3.36.tar.gz
    python scripts/goldens/architectures_gguf.py llama_cpp_python-0.3.36/vendor/llama.cpp

model-f32.gguf is the same model as model.safetensors, so the same goldens hold. What transformers computes with the
weights that PyPI's `gguf` reads back from model-q8_0.gguf goes into expected-q8_0.safetensors.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from architecture_variants import VARIANTS
from random_model import logits_of

CONVERTER = Path(sys.argv[1]).resolve()
sys.path[:0] = [str(CONVERTER / "gguf-py"), str(CONVERTER)]

import conversion  # noqa: E402
import convert_hf_to_gguf  # noqa: E402
import gguf  # noqa: E402
from conversion.base import TextModel  # noqa: E402

FIXTURES = Path(__file__).parents[2] / "tests" / "fixtures"
TOKENIZER = FIXTURES / "tiny-gpt2" / "tokenizer.json"
# The converter knows pre-tokenizers by a hash of what the tokenizers of known models give; ours is not one of them.
TextModel.get_vocab_base_pre = lambda self, tokenizer: "gpt-2"


def convert(folder: Path, out_type: str) -> Path:
    target = folder / f"model-{out_type}.gguf"
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory) / f"{folder.parent.name}-{folder.name}"
        source.mkdir()
        for name in ("config.json", "model.safetensors"):
            (source / name).write_bytes((folder / name).read_bytes())
        (source / "tokenizer.json").write_bytes(TOKENIZER.read_bytes())
        end_of_text = "<|endoftext|>"
        tokenizer_config = dict(tokenizer_class="PreTrainedTokenizerFast", bos_token=end_of_text, eos_token=end_of_text)
        (source / "tokenizer_config.json").write_text(json.dumps(tokenizer_config))
        sys.argv = ["convert_hf_to_gguf.py", str(source), "--outtype", out_type, "--outfile", str(target)]
        convert_hf_to_gguf.main()
    return target


def read_back(path: Path, config) -> dict[str, torch.Tensor]:
    """Weights under transformers' names, with what the converter does to some of them undone."""
    names = {}
    architecture = gguf.MODEL_ARCH_NAMES.items()
    reader = gguf.GGUFReader(path)
    arch_name = reader.get_field("general.architecture").contents()
    arch = next(key for key, name in architecture if name == arch_name)
    mapping = gguf.get_tensor_name_map(arch, config.num_hidden_layers)
    model = AutoModelForCausalLM.from_config(config)
    for name in model.state_dict():
        names[mapping.get_name(name, try_suffixes=(".weight", ".bias"))] = name
    tensors = {}
    for tensor in reader.tensors:
        if tensor.name == "rope_freqs.weight":
            continue
        shape = [int(size) for size in reversed(tensor.shape)]
        values = torch.from_numpy(np.array(gguf.dequantize(tensor.data, tensor.tensor_type))).float().reshape(shape)
        name = names[tensor.name]
        if arch_name == "llama" and (".q_proj." in name or ".k_proj." in name):
            heads = config.num_attention_heads if ".q_proj." in name else config.num_key_value_heads
            rows = values.reshape(heads, shape[0] // heads // 2, 2, *shape[1:])
            values = rows.swapaxes(1, 2).reshape(shape)
        if arch_name == "gemma3" and name.endswith("norm.weight"):
            values = values - 1
        tensors[name] = values
    return tensors


def load(path: Path, folder: Path):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    missing, unexpected = model.load_state_dict(read_back(path, model.config), strict=False)
    assert set(missing) <= {"lm_head.weight"} and not unexpected, (missing, unexpected)
    model.tie_weights()
    return model


def rows_of(model, prompts: list[dict]) -> dict[str, torch.Tensor]:
    return {
        f"logits.{index}": logits_of(model, prompt["tokenIds"])[prompt["rows"]].contiguous()  # [rows, vocab]
        for index, prompt in enumerate(prompts)
    }


def write_files(folder: Path) -> None:
    prompts = json.loads((folder / "prompts.json").read_text())
    expected = load_file(folder / "expected.safetensors")
    for name, logits in rows_of(load(convert(folder, "f32"), folder), prompts).items():
        assert torch.allclose(logits, expected[name], atol=1e-5), f"{folder}: {name}"
    save_file(rows_of(load(convert(folder, "q8_0"), folder), prompts), folder / "expected-q8_0.safetensors")


if __name__ == "__main__":
    for architecture, variants in VARIANTS.items():
        for name, variant in variants.items():
            if variant.with_gguf:
                write_files(FIXTURES / f"tiny-{architecture}" / name)
