"""What transformers makes of the config.json of published models: tests/fixtures/published-configs.json, rotary.json.

The fields are those of the files on the hub that describe the model. No weights are made: parameters are counted on
PyTorch's meta device.
"""

import json
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig
from transformers.models.gemma3.modeling_gemma3 import Gemma3RotaryEmbedding
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

FIXTURES = Path(__file__).resolve().parents[2] / "tests" / "fixtures"
POSITIONS = [0, 1, 2, 17, 1000, 8191, 131071]

LLAMA3_SCALING = {
    "factor": 32.0,
    "high_freq_factor": 4.0,
    "low_freq_factor": 1.0,
    "original_max_position_embeddings": 8192,
    "rope_type": "llama3",
}
GEMMA3 = {
    "model_type": "gemma3_text",
    "attention_bias": False,
    "attn_logit_softcapping": None,
    "bos_token_id": 2,
    "eos_token_id": [1, 106],
    "final_logit_softcapping": None,
    "head_dim": 256,
    "hidden_activation": "gelu_pytorch_tanh",
    "max_position_embeddings": 32768,
    "num_attention_heads": 4,
    "num_key_value_heads": 1,
    "pad_token_id": 0,
    "query_pre_attn_scalar": 256,
    "rms_norm_eps": 1e-6,
    "rope_local_base_freq": 10000,
    "rope_scaling": None,
    "rope_theta": 1000000,
    "sliding_window": 512,
    "vocab_size": 262144,
}
CONFIGS = {
    "SmolLM2-135M": {
        "model_type": "llama",
        "attention_bias": False,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "hidden_act": "silu",
        "hidden_size": 576,
        "intermediate_size": 1536,
        "max_position_embeddings": 8192,
        "num_attention_heads": 9,
        "num_hidden_layers": 30,
        "num_key_value_heads": 3,
        "pretraining_tp": 1,
        "rms_norm_eps": 1e-5,
        "rope_interleaved": False,
        "rope_scaling": None,
        "rope_theta": 100000,
        "tie_word_embeddings": True,
        "vocab_size": 49152,
    },
    "TinyLlama-1.1B-Chat-v1.0": {
        "model_type": "llama",
        "attention_bias": False,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "hidden_act": "silu",
        "hidden_size": 2048,
        "intermediate_size": 5632,
        "max_position_embeddings": 2048,
        "num_attention_heads": 32,
        "num_hidden_layers": 22,
        "num_key_value_heads": 4,
        "pretraining_tp": 1,
        "rms_norm_eps": 1e-5,
        "rope_scaling": None,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "vocab_size": 32000,
    },
    "Llama-3.2-1B": {
        "model_type": "llama",
        "attention_bias": False,
        "bos_token_id": 128000,
        "eos_token_id": 128001,
        "head_dim": 64,
        "hidden_act": "silu",
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "max_position_embeddings": 131072,
        "mlp_bias": False,
        "num_attention_heads": 32,
        "num_hidden_layers": 16,
        "num_key_value_heads": 8,
        "pretraining_tp": 1,
        "rms_norm_eps": 1e-5,
        "rope_scaling": LLAMA3_SCALING,
        "rope_theta": 500000.0,
        "tie_word_embeddings": True,
        "vocab_size": 128256,
    },
    "Qwen2.5-0.5B-Instruct": {
        "model_type": "qwen2",
        "bos_token_id": 151643,
        "eos_token_id": 151645,
        "hidden_act": "silu",
        "hidden_size": 896,
        "intermediate_size": 4864,
        "max_position_embeddings": 32768,
        "max_window_layers": 21,
        "num_attention_heads": 14,
        "num_hidden_layers": 24,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1000000.0,
        "sliding_window": 32768,
        "tie_word_embeddings": True,
        "use_sliding_window": False,
        "vocab_size": 151936,
    },
    "Qwen3-0.6B": {
        "model_type": "qwen3",
        "attention_bias": False,
        "bos_token_id": 151643,
        "eos_token_id": 151645,
        "head_dim": 128,
        "hidden_act": "silu",
        "hidden_size": 1024,
        "intermediate_size": 3072,
        "max_position_embeddings": 40960,
        "max_window_layers": 28,
        "num_attention_heads": 16,
        "num_hidden_layers": 28,
        "num_key_value_heads": 8,
        "rms_norm_eps": 1e-6,
        "rope_scaling": None,
        "rope_theta": 1000000,
        "sliding_window": None,
        "tie_word_embeddings": True,
        "use_sliding_window": False,
        "vocab_size": 151936,
    },
    "gemma-3-270m-it": {
        **GEMMA3,
        "_sliding_window_pattern": 6,
        "hidden_size": 640,
        "intermediate_size": 2048,
        "layer_types": (["sliding_attention"] * 5 + ["full_attention"]) * 3,
        "num_hidden_layers": 18,
        "rope_local_base_freq": 10000.0,
        "rope_theta": 1000000.0,
        "use_bidirectional_attention": False,
    },
    "gemma-3-1b-it": {
        **GEMMA3,
        "hidden_size": 1152,
        "intermediate_size": 6912,
        "num_hidden_layers": 26,
        "sliding_window_pattern": 6,
    },
    "gemma-3-4b-it": {
        "model_type": "gemma3",
        "boi_token_index": 255999,
        "eoi_token_index": 256000,
        "eos_token_id": [1, 106],
        "image_token_index": 262144,
        "mm_tokens_per_image": 256,
        "text_config": {
            "hidden_size": 2560,
            "intermediate_size": 10240,
            "model_type": "gemma3_text",
            "num_hidden_layers": 34,
            "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
            "sliding_window": 1024,
        },
        "vision_config": {"hidden_size": 1152, "image_size": 896, "model_type": "siglip_vision_model"},
    },
}


def understood(fields: dict) -> dict:
    """The model as transformers would build it."""
    outer = AutoConfig.for_model(**fields)
    config = outer.get_text_config()
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    layers = getattr(config, "layer_types", None) or ["full_attention"] * config.num_hidden_layers
    attention = model.model.layers[0].self_attn
    return {
        "config": fields,
        "num_parameters": sum(parameter.numel() for parameter in model.parameters()),
        "head_dim": attention.head_dim,
        "num_kv_heads": config.num_key_value_heads,
        "max_position_embeddings": config.max_position_embeddings,
        "windows": [config.sliding_window if kind == "sliding_attention" else None for kind in layers],
        "attention_scale": attention.scaling,
        "tied": config.tie_word_embeddings,
        "qkv_bias": attention.q_proj.bias is not None,
        "frequencies": frequencies(config),
    }


def frequencies(config: PreTrainedConfig) -> list[list[float]]:
    """For each way in which layers turn their heads, those that slide first."""
    if config.model_type == "gemma3_text":
        rotary = Gemma3RotaryEmbedding(config)
        return [rotary.sliding_attention_inv_freq.tolist(), rotary.full_attention_inv_freq.tolist()]
    return [LlamaRotaryEmbedding(config).inv_freq.tolist()]


def table(fields: dict) -> dict:
    """Cosines and sines as Llama multiplies by them: one row a position, a number for each pair."""
    rotary = LlamaRotaryEmbedding(AutoConfig.for_model(**fields))
    cos, sin = rotary(torch.zeros(1), torch.tensor([POSITIONS]))
    half = cos.shape[-1] // 2
    return {
        "frequencies": rotary.inv_freq.tolist(),
        "positions": POSITIONS,
        "cos": cos[0, :, :half].tolist(),
        "sin": sin[0, :, :half].tolist(),
    }


def main() -> None:
    published = {name: understood(fields) for name, fields in CONFIGS.items()}
    (FIXTURES / "published-configs.json").write_text(json.dumps(published) + "\n")
    llama = CONFIGS["Llama-3.2-1B"]
    scalings = {
        "default": None,
        "linear": {"rope_type": "linear", "factor": 2.5},
        "llama3": LLAMA3_SCALING,
    }
    tables = {name: {"scaling": scaling, **table({**llama, "rope_scaling": scaling})} for name, scaling in scalings.items()}
    (FIXTURES / "rotary.json").write_text(json.dumps(tables) + "\n")


main()
