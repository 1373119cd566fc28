"""Writes tests/fixtures/embeddings.json: texts as vectors, by transformers on PyTorch.

The mean over a text's tokens of the hidden states behind the final norm, of length 1, for a GPT-2 and a Llama.
"""

import json
from pathlib import Path

import torch
from transformers import AutoModel

FIXTURES = Path(__file__).parents[2] / "tests" / "fixtures"
MODELS = ["tiny-gpt2", "tiny-llama/gqa"]
LENGTHS = [1, 5, 40, 100]


def tokens_of(length: int, vocab_size: int) -> list[int]:
    return [(7 * i * i + 3 * i + length) % vocab_size for i in range(length)]


def main() -> None:
    goldens = []
    for name in MODELS:
        model = AutoModel.from_pretrained(FIXTURES / name, dtype=torch.float32).eval()
        for length in LENGTHS:
            token_ids = tokens_of(length, model.config.vocab_size)
            with torch.no_grad():
                mean = model(torch.tensor([token_ids])).last_hidden_state[0].mean(dim=0)
            embedding = torch.nn.functional.normalize(mean, dim=0)
            values = [round(value, 7) for value in embedding.tolist()]
            goldens.append({"model": name, "tokenIds": token_ids, "embedding": values})
    (FIXTURES / "embeddings.json").write_text(json.dumps(goldens) + "\n")


main()
