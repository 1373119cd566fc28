"""Random GPT-2s on PyTorch and their files in the layouts that are found in the wild."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel


def random_gpt2(config: GPT2Config, seed: int, dtype: torch.dtype = torch.float32) -> GPT2LMHeadModel:
    """Every tensor random, norms and biases too: an untouched bias of zeros would hide a mistake.

    Weights are rounded to `dtype` and used as float32, as a reader of the stored file sees them.
    """
    torch.manual_seed(seed)
    config._attn_implementation = "eager"
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2:
                parameter.normal_(0, 1 / config.n_embd**0.5)
            elif ".ln_" in name and name.endswith("weight"):
                parameter.normal_(1, 0.2)
            else:
                parameter.normal_(0, 0.2)
            parameter.copy_(parameter.to(dtype).float())
    return model


def save_weights(
    folder: Path,
    model: GPT2LMHeadModel,
    dtype: torch.dtype,
    prefix: str,
    with_mask_buffers: bool = False,
    leave_out: tuple[str, ...] = (),
    extra_config: dict | None = None,
) -> None:
    """config.json and model.safetensors; names with or without the `transformer.` prefix, as both are published."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for name, tensor in model.state_dict().items():
        bare = name.removeprefix("transformer.")
        if bare == "lm_head.weight":
            if not model.config.tie_word_embeddings:
                tensors[bare] = tensor.to(dtype).contiguous()
        elif not bare.endswith(leave_out) if leave_out else True:
            tensors[prefix + bare] = tensor.to(dtype).contiguous()
    if with_mask_buffers:
        context = model.config.n_positions
        for layer in range(model.config.n_layer):
            mask = torch.tril(torch.ones(context, context, dtype=torch.bool)).view(1, 1, context, context)
            tensors[f"{prefix}h.{layer}.attn.bias"] = mask
            tensors[f"{prefix}h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    # Only what decides the result: the rest of transformers' fields changes with its version.
    fields = model.config.to_dict()
    kept = [
        "model_type", "vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "n_inner", "activation_function",
        "layer_norm_epsilon", "tie_word_embeddings", "bos_token_id", "eos_token_id",
    ]  # fmt: skip
    config = {"architectures": ["GPT2LMHeadModel"]} | {key: fields[key] for key in kept} | (extra_config or {})
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
