"""Greedy texts and answers of the embedded model by transformers, in float32: tests/fixtures/embedded-model.json."""

import json
from pathlib import Path

import torch
from transformers import AutoTokenizer, GenerationConfig, GPT2LMHeadModel

from greedy import greedy

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "model-weights"
FIXTURE = ROOT / "tests" / "fixtures" / "embedded-model.json"

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
ASKED = ["Tell me a story about a fox who lost his hat.", "And then?", "Make it shorter.", "What did the fox learn?"]
CONVERSATIONS = [[ASKED[0]], ["Hello!"], ["Tell me a bedtime story."], ["Who are you?"], ASKED]
NUM_TOKENS = 64
# An answer has room to end by itself.
NUM_ANSWER_TOKENS = 320
# A lead below it could be lost to another order of summation; the text is cut before such a token.
MIN_LEAD = 0.002


def sure_greedy(model, prompt_ids: list[int], num_tokens: int, end_ids: list[int]) -> tuple[list[int], bool]:
    """Greedy ids before the first that does not lead clearly, without the end token; and whether that token came."""
    new_ids, leads = greedy(model, prompt_ids, num_tokens)
    num_sure = next((index for index, lead in enumerate(leads) if lead <= MIN_LEAD), len(leads))
    new_ids = new_ids[:num_sure]
    return (new_ids[:-1], True) if new_ids and new_ids[-1] in end_ids else (new_ids, False)


def completion(model, tokenizer, end_ids: list[int], prompt: str) -> dict:
    prompt_ids = tokenizer(prompt)["input_ids"]
    new_ids, _ = sure_greedy(model, prompt_ids, NUM_TOKENS, end_ids)
    text = tokenizer.decode(new_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return {"prompt": prompt, "promptTokenIds": prompt_ids, "tokenIds": new_ids, "text": text}


def chat(model, tokenizer, end_ids: list[int], questions: list[str]) -> dict:
    """The last question of a conversation; the answers before it are the model's own."""
    messages: list[dict] = []
    for question in questions:
        messages.append({"role": "user", "content": question})
        prompt_ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
        new_ids, ended = sure_greedy(model, prompt_ids, NUM_ANSWER_TOKENS, end_ids)
        text = tokenizer.decode(new_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        messages.append({"role": "assistant", "content": text})
    return {"messages": messages[:-1], "promptTokenIds": prompt_ids, "tokenIds": new_ids, "text": text, "ends": ended}


def main() -> None:
    model = GPT2LMHeadModel.from_pretrained(MODEL, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    end_ids = GenerationConfig.from_pretrained(MODEL).eos_token_id
    goldens = {
        "completions": [completion(model, tokenizer, end_ids, prompt) for prompt in PROMPTS],
        "chats": [chat(model, tokenizer, end_ids, questions) for questions in CONVERSATIONS],
    }
    FIXTURE.write_text(json.dumps(goldens, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
