"""Writes tests/fixtures/tiny-gpt2: a GPT-2 small enough to serve in tests, with golden texts.

It has learned the few lines below by heart, so its greedy text is readable, varied and sure of each token, and ends
where a line ends. Tokenizer, weights and every expected value come from Hugging Face's libraries on PyTorch, none
from this project.
"""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel

from greedy import greedy
from random_gpt2 import random_gpt2, save_weights

FIXTURE = Path(__file__).parents[2] / "tests" / "fixtures" / "tiny-gpt2"
END_OF_TEXT = "<|endoftext|>"
VOCAB_SIZE = 384
CONTEXT_LENGTH = 128
SEED = 7
TRAINING_STEPS = 800
# Two runtimes sum in different orders: a golden greedy choice must not hang on the last digits.
MIN_MARGIN = 0.02

# Enough everyday English for a few merges; written for this script.
CORPUS = """
The river runs past the old mill and down to the sea. In the morning the miller opens the door and looks at the water.
There was once a small house at the end of the road, and in the house there lived a girl who counted the stars.
"How many are there?" asked her brother. "More than I can count," she said, "but I have only just begun."
When the rain came the children stayed inside and told each other stories about the things they had seen that day.
A machine reads one word and then another, and from what it has read it guesses what will come next.
Nobody knew where the cat went at night, but in the morning it was always there, asleep on the chair by the window.
It's the little things that they'll remember: the light on the water, the smell of bread, 12 boats and 345 birds.
"""

PROMPTS = [
    "The river",
    "There was once a small house",
    "A machine reads one word and then another,",
    "12 boats",
    "\u00fcber \U0001f600",
    "N",
    "It's the little things that they'll remember: the light on the water, the smell of bread, and the birds.",
    "Nobody knew where",
]

TEXTS = [
    "",
    " ",
    "The river runs past the old mill.",
    "  two  spaces\n\nand\ttabs  ",
    "it's they'll I'd we're don't",
    "numbers 12 345 6,789 3.14",
    "\u00fcber caf\u00e9 na\u00efve",
    "\u65e5\u672c\u8a9e \u4e2d\u6587 \ud55c\uad6d\uc5b4",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "emoji \U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f1e9\U0001f1ea",
    "e\u0301 combining and \u00e9 composed",
    "a\u0000b",
    "\ufeffbyte order mark",
    "replacement \ufffd character",
    f"{END_OF_TEXT}",
    f"before{END_OF_TEXT}after {END_OF_TEXT} end",
    "<|endoftext",
    "code: for (let i = 0; i < 10; i++) { x[i] += 1; }",
    "trailing newline\n",
    "\r\n windows",
]


def train_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS.strip().splitlines(), trainer)
    assert tokenizer.get_vocab_size() == VOCAB_SIZE
    return tokenizer


def tokenizer_goldens(tokenizer: Tokenizer) -> dict:
    encode = [{"text": text, "ids": tokenizer.encode(text).ids} for text in TEXTS]
    smile = tokenizer.encode("\U0001f600").ids
    assert len(smile) == 4, "the emoji must come as four byte tokens"
    # Ids of cut and lone bytes, in ways that text alone never gives.
    sequences = [smile, smile[:3], smile[1:], smile[:1], smile[::-1], smile[:2] + tokenizer.encode(" river").ids]
    decode = [
        {"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=False)}
        for ids in sequences + [case["ids"] for case in encode]
    ]
    return {"encode": encode, "decode": decode}


def memorise(model: GPT2LMHeadModel, tokenizer: Tokenizer) -> None:
    """Fits the lines of the corpus, each closed by end-of-text, at any offset in the context."""
    end_of_text = model.config.eos_token_id
    tokens = []
    for line in CORPUS.strip().splitlines():
        tokens += [*tokenizer.encode(line).ids, end_of_text]
    stream = torch.tensor(tokens * 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    model.train()
    for _ in range(TRAINING_STEPS):
        length = int(torch.randint(16, CONTEXT_LENGTH + 1, ()))
        starts = torch.randint(0, len(tokens), (8,)).tolist()
        batch = torch.stack([stream[start : start + length] for start in starts])
        loss = model(batch, labels=batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    print(f"loss after {TRAINING_STEPS} steps: {loss.item():.3f}")


def completions(model: GPT2LMHeadModel, tokenizer: Tokenizer) -> list[dict]:
    cases = []
    for prompt in PROMPTS:
        ids = tokenizer.encode(prompt).ids
        new_ids, leads = greedy(model, ids, 24)
        margin = min(leads)
        assert margin > MIN_MARGIN, f"{prompt!r}: greedy margin {margin:.4f}; choose another seed"
        cases.append(
            {
                "prompt": prompt,
                "promptTokenIds": ids,
                "tokenIds": new_ids,
                "text": tokenizer.decode(new_ids, skip_special_tokens=True),
                "finishReason": "stop" if new_ids[-1] == model.config.eos_token_id else "length",
            }
        )
    assert any(case["finishReason"] == "stop" for case in cases), "no prompt ends by itself; choose another seed"
    return cases


def main() -> None:
    FIXTURE.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer()
    tokenizer.save(str(FIXTURE / "tokenizer.json"))
    end_of_text = tokenizer.token_to_id(END_OF_TEXT)
    config = GPT2Config(
        vocab_size=VOCAB_SIZE,
        n_positions=CONTEXT_LENGTH,
        n_embd=32,
        n_layer=2,
        n_head=4,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=end_of_text,
        eos_token_id=end_of_text,
    )
    model = random_gpt2(config, SEED)
    memorise(model, tokenizer)
    goldens = completions(model, tokenizer)
    save_weights(FIXTURE, model, torch.float32, prefix="transformer.")
    (FIXTURE / "completions.json").write_text(json.dumps(goldens, indent=1) + "\n")
    (FIXTURE / "tokenizer-goldens.json").write_text(json.dumps(tokenizer_goldens(tokenizer), indent=1) + "\n")


if __name__ == "__main__":
    main()
