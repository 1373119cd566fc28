"""Greedy texts of the embedded model by transformers, in float32: tests/fixtures/embedded-completions.json."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import GPT2LMHeadModel

from tiny_gpt2 import greedy

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "model-weights"
FIXTURE = ROOT / "tests" / "fixtures" / "embedded-completions.json"

PROMPTS = [
    "Once upon a time",
    "The Lion",
    "“What are you doing here?” said",
    "In the middle of the forest there was",
    "Peter",
    "A Fox and a Crow",
    "Alice was beginning to get very tired of",
    "The Mole had been working very hard all the morning,",
]
NUM_TOKENS = 64
# A lead below it could be lost to another order of summation; the text is cut before such a token.
MIN_MARGIN = 0.002


def main() -> None:
    model = GPT2LMHeadModel.from_pretrained(MODEL, dtype=torch.float32).eval()
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    cases = []
    for prompt in PROMPTS:
        prompt_ids = tokenizer.encode(prompt).ids
        num_tokens = NUM_TOKENS
        new_ids, margin = greedy(model, prompt_ids, num_tokens)
        while margin <= MIN_MARGIN:
            num_tokens -= 1
            new_ids, margin = greedy(model, prompt_ids, num_tokens)
        case = {"prompt": prompt, "promptTokenIds": prompt_ids, "tokenIds": new_ids}
        cases.append(case | {"text": tokenizer.decode(new_ids, skip_special_tokens=True), "margin": round(margin, 4)})
    FIXTURE.write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
