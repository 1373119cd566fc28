"""What a reader or a kernel may get wrong, done on purpose: models that architectures.py compares with the right one."""

import copy
from typing import Callable, Iterator

import torch
from transformers import AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel

Tensors = dict[str, torch.Tensor]


def copy_with(model: PreTrainedModel, config: PreTrainedConfig | None = None, tensors: Tensors | None = None):
    config = copy.deepcopy(config or model.config)
    other = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    other.load_state_dict(tensors or model.state_dict())
    return other


def changed(model: PreTrainedModel, change: Callable[[PreTrainedConfig], None]) -> PreTrainedModel:
    config = copy.deepcopy(model.config)
    change(config)
    return copy_with(model, config)


def interleaved_pairs(model: PreTrainedModel) -> PreTrainedModel:
    """Pairs (0, 1), (2, 3) turned together in place of (0, d/2), (1, d/2 + 1)."""
    head_dim = model.model.layers[0].self_attn.head_dim
    tensors = dict(model.state_dict())
    for name, tensor in tensors.items():
        if ".q_proj." in name or ".k_proj." in name:
            heads = tensor.reshape(-1, head_dim // 2, 2, *tensor.shape[1:])
            tensors[name] = heads.swapaxes(1, 2).reshape(tensor.shape)
        elif "q_norm" in name or "k_norm" in name:
            tensors[name] = tensor.reshape(head_dim // 2, 2).T.reshape(head_dim)
    return copy_with(model, tensors=tensors)


def heads_dealt_out(model: PreTrainedModel) -> PreTrainedModel:
    """Query head h reads key head h % kv_heads in place of h // group."""
    heads, kv_heads = model.config.num_attention_heads, model.config.num_key_value_heads
    order = torch.arange(heads).reshape(heads // kv_heads, kv_heads).T.flatten()
    tensors = dict(model.state_dict())
    for name, tensor in tensors.items():
        if ".q_proj." in name:
            tensors[name] = tensor.reshape(heads, -1, *tensor.shape[1:])[order].reshape(tensor.shape)
        elif name.endswith(".o_proj.weight"):
            tensors[name] = tensor.reshape(len(tensor), heads, -1)[:, order].reshape(tensor.shape)
    return copy_with(model, tensors=tensors)


def without_biases(model: PreTrainedModel) -> PreTrainedModel:
    tensors = {name: t.zero_() if name.endswith(".bias") else t for name, t in copy.deepcopy(model.state_dict()).items()}
    return copy_with(model, tensors=tensors)


def rope_changed(model: PreTrainedModel, kind: str | None, **fields) -> PreTrainedModel:
    def change(config: PreTrainedConfig) -> None:
        parameters = config.rope_parameters[kind] if kind else config.rope_parameters
        parameters.update(fields)

    return changed(model, change)


def mistakes(model: PreTrainedModel) -> Iterator[tuple[str, PreTrainedModel]]:
    config = model.config
    yield "pairs side by side", interleaved_pairs(model)
    if 1 < config.num_key_value_heads < config.num_attention_heads:
        yield "key heads dealt out", heads_dealt_out(model)
    if any(name.endswith(".bias") for name in model.state_dict()):
        yield "no biases", without_biases(model)
    kinds = ["full_attention", "sliding_attention"] if "full_attention" in config.rope_parameters else [None]
    for kind in kinds:
        parameters = config.rope_parameters[kind] if kind else config.rope_parameters
        yield f"twice the base, {kind or 'every layer'}", rope_changed(model, kind, rope_theta=2 * parameters["rope_theta"])
        if parameters["rope_type"] != "default":
            yield f"no scaling, {kind or 'every layer'}", rope_changed(model, kind, rope_type="default")
        if parameters["rope_type"] == "llama3":
            yield "another ramp", rope_changed(model, kind, high_freq_factor=2 * parameters["high_freq_factor"])
    if getattr(config, "sliding_window", None) is not None:
        for step in (-1, 1, 1000):
            yield f"a window of {step:+d}", changed(
                model, lambda other, step=step: setattr(other, "sliding_window", config.sliding_window + step)
            )
        shifted = config.layer_types[1:] + config.layer_types[:1]
        yield "each layer slides as the next", changed(model, lambda other: setattr(other, "layer_types", shifted))
    if config.model_type.startswith("gemma"):
        scalar = 2 * config.query_pre_attn_scalar
        yield "half the scale", changed(model, lambda other: setattr(other, "query_pre_attn_scalar", scalar))
        yield "GELU by erf", changed(model, lambda other: setattr(other, "hidden_activation", "gelu"))
        unscaled = copy_with(model)
        unscaled.model.embed_tokens.embed_scale.fill_(1)
        yield "embeddings not scaled", unscaled
    yield "twice the epsilon", changed(model, lambda other: setattr(other, "rms_norm_eps", 2 * config.rms_norm_eps))
