"""Writes tests/fixtures/decisions.json: the probabilities of answers to questions, by transformers on PyTorch.

    python scripts/goldens/decisions.py SmolLM2-135M-Instruct.Q4_1.gguf

Of the embedded model, in plain text and by its own chat template, and of SmolLM2 by its own; all in float32. Each
question is encoded and computed as a whole, by itself. Needs `pip install accelerate==1.15.0` beside the rest.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2LMHeadModel

ROOT = Path(__file__).parents[2]
FIXTURE = ROOT / "tests" / "fixtures" / "decisions.json"

INPUT = "The fox ran to the river. He was tired and hungry, but the bear had given him nothing."
YES_NO = "Reply with {0} if it is true and with {1} if it is not, and with this only."
OPTIONS = "Reply with the label of one option only."
LEVELS = "The levels go from the lowest to the highest. Reply with the label of one level only."
QUESTIONS = [
    dict(type="predicate", instructions="Is the fox hungry?"),
    dict(type="predicate", instructions="The bear is the fox's friend; is that so?"),
    dict(
        type="choice",
        instructions="Where did the fox go?",
        choices=[dict(value="the river"), dict(value="the hill", description="or a mountain"), dict(value=False)],
    ),
    dict(
        type="score",
        instructions="How tired is he?",
        levels=[dict(label="not at all"), dict(label="a little"), dict(label="very", description="he can go no further")],
    ),
]


def content_of(question: dict, words: tuple[str, str]) -> tuple[str, list[str]]:
    """The user's message, and the labels of its options."""
    options = question.get("choices") or question.get("levels") or []
    labels = ["A", "B", "C"][: len(options)] or list(words)
    lines = [f"Question: {question['instructions']}"]
    for label, option in zip(labels, options):
        text = option.get("label", option.get("value"))
        text = str(text).lower() if isinstance(text, bool) else text
        about = f" ({option['description']})" if "description" in option else ""
        lines.append(f"{label}: {text}{about}")
    reply = {"predicate": YES_NO.format(*words), "choice": OPTIONS, "score": LEVELS}[question["type"]]
    return "\n".join([INPUT, "", "Answer the question about the text above.", "", *lines, "", reply]), labels


@torch.no_grad()
def logprobs_of(model, token_ids: list[int], label_ids: list[int]) -> list[float]:
    logits = model(torch.tensor([token_ids])).logits[0, -1].double()
    return [round(value, 6) for value in logits.log_softmax(-1)[label_ids].tolist()]


def golden(model, question: dict, token_ids: list[int], label_ids: list[int]) -> dict:
    return dict(question=question, tokenIds=token_ids, labelIds=label_ids, logprobs=logprobs_of(model, token_ids, label_ids))


def words_of(tokenizer, before: str) -> tuple[str, str] | None:
    """The first words for yes and no that are one token each."""
    ids = tokenizer.get_vocab()
    pairs = [("Yes", "No"), ("yes", "no")]
    return next((pair for pair in pairs if all(f"{before}{word}" in ids for word in pair)), None)


def embedded() -> list[dict]:
    """In plain text, as without a chat template: a label stands behind `Answer:` and a space, if it is a token with it."""
    model = GPT2LMHeadModel.from_pretrained(ROOT / "model-weights", dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(ROOT / "model-weights")
    goldens = []
    spaced = words_of(tokenizer, "\u0120")
    for question in QUESTIONS:
        words = spaced or words_of(tokenizer, "")
        content, labels = content_of(question, words)
        token_ids = tokenizer(f"{content}\n\nAnswer:")["input_ids"]
        before = "" if spaced is None and tuple(labels) == words else "\u0120"
        label_ids = tokenizer.convert_tokens_to_ids([f"{before}{label}" for label in labels])
        goldens.append(golden(model, question, token_ids, label_ids))
    return goldens


def by_template(model, tokenizer) -> list[dict]:
    goldens = []
    for question in QUESTIONS:
        content, labels = content_of(question, words_of(tokenizer, ""))
        messages = [dict(role="user", content=content)]
        text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        token_ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        goldens.append(golden(model, question, token_ids, tokenizer.convert_tokens_to_ids(labels)))
    return goldens


def embedded_chat() -> list[dict]:
    model = GPT2LMHeadModel.from_pretrained(ROOT / "model-weights", dtype=torch.float32).eval()
    return by_template(model, AutoTokenizer.from_pretrained(ROOT / "model-weights"))


def smollm2(path: Path) -> list[dict]:
    files = dict(pretrained_model_name_or_path=str(path.parent), gguf_file=path.name)
    model = AutoModelForCausalLM.from_pretrained(**files, dtype=torch.float32).eval()
    return by_template(model, AutoTokenizer.from_pretrained(**files))


def main() -> None:
    goldens = dict(
        input=INPUT,
        embedded=embedded(),
        embeddedChat=embedded_chat(),
        smollm2=smollm2(Path(sys.argv[1])),
    )
    FIXTURE.write_text(json.dumps(goldens) + "\n")


if __name__ == "__main__":
    main()
