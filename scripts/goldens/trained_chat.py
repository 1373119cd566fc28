"""What transformers makes of a tokenizer that the trainer wrote: tests/fixtures/trained-chat/expected.json.

The tokenizer's files beside it are file snapshots of tests/unit/training/chat-format.test.ts.
"""

import json
from pathlib import Path

from transformers import AutoTokenizer, GenerationConfig

FIXTURE = Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "trained-chat"

CONVERSATIONS = [
    [{"role": "user", "content": "What did the fox do?"}],
    [
        {"role": "user", "content": " Who sang about the moon?\n"},
        {"role": "assistant", "content": "The owl. "},
        {"role": "user", "content": "And then? 🌊 <|end|> it said."},
    ],
    [
        {"role": "user", "content": "Who slept?"},
        {"role": "assistant", "content": "Her brother slept under a tall tree."},
    ],
    [
        {"role": "system", "content": " Be kind. "},
        {"role": "user", "content": "What did the old king do?"},
        {"role": "assistant", "content": "The old king went to the river."},
    ],
    [{"role": "tool", "content": "4"}],
]


def case(tokenizer, messages: list[dict], adds_prompt: bool) -> dict:
    given = {"messages": messages, "addGenerationPrompt": adds_prompt}
    try:
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=adds_prompt)
        ids = tokenizer.apply_chat_template(messages, add_generation_prompt=adds_prompt, return_dict=False)
    except Exception as error:  # What the template refuses is a result, too.
        return given | {"error": str(error)}
    return given | {"text": text, "tokenIds": ids}


def main() -> None:
    tokenizer = AutoTokenizer.from_pretrained(FIXTURE)
    generation = GenerationConfig.from_pretrained(FIXTURE)
    generation.validate(strict=True)
    expected = {
        "cases": [case(tokenizer, messages, adds) for messages in CONVERSATIONS for adds in (True, False)],
        "endTokens": tokenizer.convert_ids_to_tokens(generation.eos_token_id),
        "specialTokens": sorted(tokenizer.all_special_tokens),
    }
    (FIXTURE / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
