"""Random models of transformers on PyTorch, and what they give: shared by the scripts that write goldens of them."""

import copy
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel

# Two runtimes sum in different orders: a golden greedy choice must not hang on the last digits.
MIN_MARGIN = 0.02


def random_model(config: PreTrainedConfig, seed: int, dtype: torch.dtype) -> PreTrainedModel:
    """Every tensor random, norms and biases too: an untouched weight of ones would hide a mistake.

    Weights are rounded to `dtype` and used as float32, as a reader of the stored file sees them. Queries and keys are
    large enough to make attention choose: over flat attention weights, a wrong angle or window would hardly show.
    """
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    # Gemma's norms multiply by 1 + weight.
    norm_mean = 0 if config.model_type.startswith("gemma") else 1
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("norm.weight"):
                parameter.normal_(norm_mean, 0.3)
            elif parameter.dim() == 1:
                parameter.normal_(0, 0.3)
            elif ".q_proj." in name or ".k_proj." in name:
                parameter.normal_(0, 1.6 / parameter.shape[1] ** 0.5)
            else:
                parameter.normal_(0, 1 / parameter.shape[1] ** 0.5)
            parameter.copy_(parameter.to(dtype).float())
    return model


def save_model(model: PreTrainedModel, folder: Path, dtype: torch.dtype) -> None:
    """config.json and model.safetensors as save_pretrained writes them."""
    folder.mkdir(parents=True, exist_ok=True)
    stored = AutoModelForCausalLM.from_config(copy.deepcopy(model.config), attn_implementation="eager")
    stored.load_state_dict(model.state_dict())
    stored.to(dtype).save_pretrained(folder)
    (folder / "generation_config.json").unlink()


@torch.no_grad()
def logits_of(model: PreTrainedModel, token_ids: list[int]) -> torch.Tensor:
    return model(torch.tensor([token_ids]), use_cache=False).logits[0].float()  # [tokens, vocab]


@torch.no_grad()
def continue_greedily(model: PreTrainedModel, prompt: list[int], length: int) -> tuple[list[int], float]:
    """The tokens, each from a whole forward pass, and the smallest lead of a chosen one over the next best."""
    tokens = list(prompt)
    margins = []
    for _ in range(length):
        best = logits_of(model, tokens)[-1].topk(2)
        tokens.append(int(best.indices[0]))
        margins.append(float(best.values[0] - best.values[1]))
    return tokens[len(prompt) :], min(margins)
