"""The tiny models of architectures.py: configurations, and how files of before transformers 5 spell them."""

from dataclasses import dataclass, field

import torch
from transformers import Gemma3TextConfig, LlamaConfig, PreTrainedConfig, Qwen2Config, Qwen3Config

BASE = dict(
    vocab_size=96, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=192, bos_token_id=1, eos_token_id=2, pad_token_id=0,
)  # fmt: skip
# As many tokens as the tokenizer of tests/fixtures/tiny-gpt2 has, which goes into the GGUF file.
WITH_TOKENIZER = dict(vocab_size=384, bos_token_id=0, eos_token_id=0, pad_token_id=0)
# Of the 8 pairs one turns too fast to be scaled, one lies on the ramp, the others are slow.
LLAMA3_SCALING = dict(
    rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64
)


@dataclass(frozen=True)
class Variant:
    config: PreTrainedConfig
    dtype: torch.dtype = torch.bfloat16
    # Fields of config.json before transformers 5 that take the place of the new ones.
    old: dict = field(default_factory=dict)
    with_gguf: bool = False


def rope(theta: float, **scaling) -> dict:
    return dict(rope_theta=theta) | (scaling or dict(rope_type="default"))


def llama(**fields) -> LlamaConfig:
    return LlamaConfig(**(BASE | fields))


LLAMA = {
    "gqa": Variant(
        llama(**WITH_TOKENIZER, rope_parameters=rope(10000.0), rms_norm_eps=1e-2),
        old=dict(rope_theta=10000.0, rope_scaling=None),
        with_gguf=True,
    ),
    "tied-llama3-rope": Variant(
        llama(
            **WITH_TOKENIZER,
            head_dim=16,
            tie_word_embeddings=True,
            rope_parameters=rope(500000.0, **LLAMA3_SCALING),
        ),
        old=dict(rope_theta=500000.0, rope_scaling=LLAMA3_SCALING),
        with_gguf=True,
    ),
    "mqa-biases-linear-rope": Variant(
        llama(
            **WITH_TOKENIZER,
            num_key_value_heads=1,
            attention_bias=True,
            mlp_bias=True,
            rope_parameters=rope(10000.0, rope_type="linear", factor=4.0),
        ),
        dtype=torch.float32,
        old=dict(rope_theta=10000.0, rope_scaling=dict(type="linear", factor=4.0)),
        with_gguf=True,
    ),
    "mha-head-dim-6": Variant(
        llama(
            hidden_size=30,
            intermediate_size=52,
            num_attention_heads=5,
            num_key_value_heads=5,
            num_hidden_layers=1,
            rope_parameters=rope(10000.0),
        ),
        dtype=torch.float16,
        # Files of the first Llama have neither a base nor a number of key and value heads.
        old=dict(num_key_value_heads=None, head_dim=None),
    ),
}

QWEN2 = {
    "tied": Variant(
        Qwen2Config(**(BASE | WITH_TOKENIZER), tie_word_embeddings=True, rope_parameters=rope(1000000.0)),
        # As Qwen2.5 is published: a window that is not used.
        old=dict(rope_theta=1000000.0, sliding_window=16, max_window_layers=1, use_sliding_window=False),
        with_gguf=True,
    ),
    "sliding": Variant(
        Qwen2Config(
            **(BASE | dict(hidden_size=48, num_attention_heads=6, num_hidden_layers=3)),
            use_sliding_window=True,
            sliding_window=16,
            max_window_layers=1,
            rms_norm_eps=1e-3,
            rope_parameters=rope(10000.0),
        ),
        old=dict(rope_theta=10000.0, rope_scaling=None),
    ),
}

QWEN3 = {
    "head-dim-16": Variant(
        Qwen3Config(**(BASE | WITH_TOKENIZER), head_dim=16, tie_word_embeddings=True, rope_parameters=rope(1000000.0)),
        old=dict(rope_theta=1000000, rope_scaling=None, sliding_window=None, use_sliding_window=False),
        with_gguf=True,
    ),
    "untied-biases-sliding": Variant(
        Qwen3Config(
            **(BASE | dict(num_key_value_heads=1, num_hidden_layers=3)),
            head_dim=12,
            attention_bias=True,
            use_sliding_window=True,
            sliding_window=9,
            max_window_layers=2,
            rms_norm_eps=1e-3,
            rope_parameters=rope(10000.0, rope_type="linear", factor=2.0),
        ),
        dtype=torch.float16,
        old=dict(rope_theta=10000, rope_scaling=dict(rope_type="linear", factor=2.0)),
    ),
}


def gemma3(**fields) -> Gemma3TextConfig:
    return Gemma3TextConfig(**(BASE | fields))


GEMMA3 = {
    # GGUF has no key for the pattern or the scale of the scores: llama.cpp takes every sixth layer and the head's width.
    "pattern-6": Variant(
        gemma3(
            **WITH_TOKENIZER,
            num_hidden_layers=6,
            intermediate_size=32,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=16,
            query_pre_attn_scalar=16,
            sliding_window=16,
            rope_parameters=dict(full_attention=rope(1000000.0), sliding_attention=rope(10000.0)),
        ),
        old=dict(rope_theta=1000000, rope_local_base_freq=10000, rope_scaling=None, sliding_window_pattern=6),
        with_gguf=True,
    ),
    "linear-global-rope": Variant(
        gemma3(
            num_hidden_layers=3,
            head_dim=16,
            query_pre_attn_scalar=40,
            rms_norm_eps=1e-3,
            sliding_window=9,
            layer_types=["sliding_attention", "full_attention", "sliding_attention"],
            rope_parameters=dict(
                full_attention=rope(20000.0, rope_type="linear", factor=4.0), sliding_attention=rope(5000.0)
            ),
        ),
        old=dict(
            rope_theta=20000,
            rope_local_base_freq=5000,
            rope_scaling=dict(rope_type="linear", factor=4.0),
            sliding_window_pattern=2,
        ),
    ),
}

VARIANTS: dict[str, dict[str, Variant]] = {"llama": LLAMA, "qwen2": QWEN2, "qwen3": QWEN3, "gemma3": GEMMA3}
