"""Writes tests/fixtures/gpt2-variants: logits and attention weights of random GPT-2s of awkward shapes."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import GPT2Config

from random_gpt2 import random_gpt2, save_weights

FIXTURES = Path(__file__).parents[2] / "tests" / "fixtures" / "gpt2-variants"

BASE = dict(vocab_size=101, n_positions=24, n_layer=2, bos_token_id=100, eos_token_id=100)
QKV_BIAS = ("attn.c_attn.bias",)
# transformers has no GPT-2 without biases: zeros are the same function, and the file leaves them out.
ALL_BIASES = (".bias",)

VARIANTS = {
    "tied-f32-head-dim-8": dict(config=dict(n_embd=32, n_head=4), prefix="transformer."),
    "untied-f32-head-dim-6": dict(config=dict(n_embd=30, n_head=5, n_inner=50, tie_word_embeddings=False), prefix="transformer."),
    "tied-bf16-head-dim-10": dict(config=dict(n_embd=20, n_head=2), dtype=torch.bfloat16, prefix="", with_mask_buffers=True),
    "untied-f16-head-dim-7": dict(config=dict(n_embd=21, n_head=3, tie_word_embeddings=False), dtype=torch.float16, prefix=""),
    "no-biases": dict(config=dict(n_embd=24, n_head=2), prefix="", zero=ALL_BIASES, extra_config={"bias": False}),
    "no-qkv-bias": dict(config=dict(n_embd=24, n_head=3), prefix="transformer.", zero=QKV_BIAS, extra_config={"qkv_bias": False}),
    "one-head-one-layer": dict(config=dict(n_embd=16, n_head=1, n_layer=1, layer_norm_epsilon=1e-3), prefix=""),
}  # fmt: skip


@torch.no_grad()
def write_variant(name: str, seed: int, variant: dict) -> None:
    config = GPT2Config(**(BASE | variant["config"]))
    dtype = variant.get("dtype", torch.float32)
    zero = variant.get("zero", ())
    model = random_gpt2(config, seed, dtype)
    for parameter_name, parameter in model.named_parameters():
        if zero and parameter_name.endswith(zero):
            parameter.zero_()
    save_weights(
        FIXTURES / name, model, dtype, variant["prefix"],
        with_mask_buffers=variant.get("with_mask_buffers", False),
        leave_out=zero, extra_config=variant.get("extra_config"),
    )  # fmt: skip
    prompts = [torch.randint(0, config.vocab_size, (length,)).tolist() for length in (1, 2, 7, 13, config.n_positions)]
    expected = {}
    for index, prompt in enumerate(prompts):
        out = model(torch.tensor([prompt]), output_attentions=True)
        expected[f"logits.{index}"] = out.logits[0].contiguous()  # [tokens, vocab]
        if index == 2:
            expected["attentions.2"] = torch.cat(out.attentions).contiguous()  # [layers, heads, tokens, tokens]
    save_file(expected, FIXTURES / name / "expected.safetensors")
    (FIXTURES / name / "prompts.json").write_text(json.dumps(prompts) + "\n")


if __name__ == "__main__":
    for index, (name, variant) in enumerate(VARIANTS.items()):
        write_variant(name, 100 + index, variant)
