"""Writes tests/fixtures/tiny-{llama,qwen2,qwen3,gemma3}: small random models and what transformers computes with them.

Each golden is sensitive: architecture_mistakes.py does wrong, one at a time, what a reader or a kernel can do wrong,
and each mistake moves some golden logit by more than 0.1, a hundred times what the tests allow (epsilons, and GELU by
erf, by less: they are printed). So do layers that slide by one key more or less.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from architecture_mistakes import mistakes
from architecture_variants import VARIANTS, Variant
from random_model import MIN_MARGIN, continue_greedily, logits_of, random_model, save_model

FIXTURES = Path(__file__).parents[2] / "tests" / "fixtures"
# Beyond the windows, beyond tiles of 8 and 16 rows, beyond blocks of 64 keys; and how many tokens continue each.
PROMPTS = [(1, 0), (2, 0), (9, 24), (33, 0), (70, 0), (130, 12)]
# Those that goldens are kept of, where the prompt is so long; the last one always.
ROWS = [0, 1, 4, 7, 8, 9, 15, 16, 17, 33, 63, 64, 65, 127, 128]
MIN_EFFECT = 0.1
SMALL_EFFECTS = ("twice the epsilon", "GELU by erf")
# Written by save_pretrained since version 5, and by none before.
NEW_FIELDS = ("dtype", "rope_parameters", "layer_types", "_sliding_window_pattern")


def prompt_and_continuation(model: PreTrainedModel, length: int, num_tokens: int) -> tuple[list[int], list[int]]:
    """A prompt whose continuation, if any, does not hang on the last digits."""
    for _ in range(200):
        prompt = torch.randint(0, model.config.vocab_size, (length,)).tolist()
        if num_tokens == 0:
            return prompt, []
        continuation, margin = continue_greedily(model, prompt, num_tokens)
        if margin > MIN_MARGIN and len(set(continuation)) > 2:
            return prompt, continuation
    raise AssertionError("no prompt has a varied continuation that is sure of each token; choose another seed")


def make_goldens(model: PreTrainedModel) -> tuple[list[dict], dict[str, torch.Tensor]]:
    prompts, expected = [], {}
    for index, (length, num_tokens) in enumerate(PROMPTS):
        prompt, continuation = prompt_and_continuation(model, length, num_tokens)
        rows = sorted({row for row in ROWS if row < length} | {length - 1})
        prompts.append(dict(tokenIds=prompt, rows=rows, continuation=continuation))
        expected[f"logits.{index}"] = logits_of(model, prompt)[rows].contiguous()  # [rows, vocab]
    return prompts, expected


def effect_of(other: PreTrainedModel, prompts: list[dict], expected: dict[str, torch.Tensor]) -> float:
    """The largest difference of another model's logits from the goldens."""
    differences = [
        (logits_of(other, prompt["tokenIds"])[prompt["rows"]] - expected[f"logits.{index}"]).abs().max().item()
        for index, prompt in enumerate(prompts)
    ]
    return max(differences)


def write_old_config(folder: Path, variant: Variant) -> None:
    """config-old.json: the same model as versions before 5 spell it."""
    fields = json.loads((folder / "config.json").read_text())
    dtype = fields["dtype"]
    for name in NEW_FIELDS:
        fields.pop(name, None)
    fields |= {"torch_dtype": dtype, "transformers_version": "4.50.0"} | variant.old
    # Gemma's files leave out that the head is tied, as its class says so.
    dropped = [name for name, value in fields.items() if value is None and name in ("num_key_value_heads", "head_dim")]
    if fields["model_type"] == "gemma3_text":
        dropped.append("tie_word_embeddings")
    for name in dropped:
        del fields[name]
    (folder / "config-old.json").write_text(json.dumps(fields, indent=2) + "\n")


def load_with_old_config(folder: Path) -> PreTrainedModel:
    config = json.loads((folder / "config-old.json").read_text())
    parsed = AutoConfig.for_model(**config)
    return AutoModelForCausalLM.from_pretrained(folder, config=parsed, dtype=torch.float32, attn_implementation="eager")


def write_variant(folder: Path, variant: Variant, seed: int) -> None:
    model = random_model(variant.config, seed, variant.dtype)
    save_model(model, folder, variant.dtype)
    prompts, expected = make_goldens(model)
    (folder / "prompts.json").write_text(json.dumps(prompts) + "\n")
    save_file(expected, folder / "expected.safetensors")
    write_old_config(folder, variant)
    assert effect_of(load_with_old_config(folder), prompts, expected) < 1e-5, "config-old.json is another model"
    largest = max(logits.abs().max().item() for logits in expected.values())
    print(f"{folder.parent.name}/{folder.name}: logits up to {largest:.1f}")
    for name, other in mistakes(model):
        effect = effect_of(other, prompts, expected)
        print(f"    {name}: {effect:.4f}")
        assert effect > MIN_EFFECT or name in SMALL_EFFECTS, name


def main() -> None:
    seed = 200
    for architecture, variants in VARIANTS.items():
        for name, variant in variants.items():
            write_variant(FIXTURES / f"tiny-{architecture}" / name, variant, seed)
            seed += 1


if __name__ == "__main__":
    main()
