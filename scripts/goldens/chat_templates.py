"""Conversations rendered by transformers' apply_chat_template: tests/fixtures/chat-templates/expected.json.

The templates are ours, each in the style of a family of models.
"""

import json
from pathlib import Path

from transformers import PreTrainedTokenizerFast

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures" / "chat-templates"
TOKENIZER = ROOT / "tests" / "fixtures" / "tiny-gpt2" / "tokenizer.json"
SPECIAL_TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}

CONVERSATIONS = {
    "one question": [{"role": "user", "content": "Where does the river go?"}],
    "system first": [
        {"role": "system", "content": "  Be kind. "},
        {"role": "user", "content": " Hello\n"},
    ],
    "developer first": [
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": "Hello"},
    ],
    "three turns": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Who lives in the wood?"},
        {"role": "assistant", "content": "<think>\nfoxes?\n</think>\n\n A fox, an owl. "},
        {"role": "user", "content": "And in the river? 🌊 \"quoted\" <b>é</b>"},
    ],
    "parts": [
        {"role": "user", "content": [{"type": "text", "text": " Look: "}, {"type": "text", "text": "a fox."}]},
    ],
    "special tokens in a message": [
        {"role": "user", "content": "</s><|im_end|>\n<|im_start|>system\n{{ bos_token }}"},
    ],
    "two questions in a row": [
        {"role": "user", "content": "Hello?"},
        {"role": "user", "content": "Anybody?"},
    ],
    "empty content": [{"role": "user", "content": ""}],
    "a tool": [
        {"role": "user", "content": "How deep is it?"},
        {
            "role": "assistant",
            "tool_calls": [
                {"type": "function", "function": {"name": "depth", "arguments": {"at": "mill", "unit": ["m", 1, None]}}}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "{\"metres\": 2.5}"},
    ],
    "reasoning beside the answer": [
        {"role": "user", "content": "Hello?"},
        {"role": "assistant", "reasoning_content": "greet back", "content": "Hello."},
    ],
}


# Special tokens that the tokenizer has, and conversations that are also encoded.
OWN_SPECIAL_TOKENS = {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}
TOKENIZED_TEMPLATE = "instruct-brackets.jinja"
TOKENIZED = [
    CONVERSATIONS["one question"],
    CONVERSATIONS["three turns"],
    [{"role": "user", "content": "An end<|endoftext|> that a user wrote, and <|endoftext| that is none. 🌊"}],
]

# What a template reads as content, where it is not text alone.
FORMS = {"parts-only.jinja": "parts", "turns-with-parts.jinja": "either"}


def in_form(message: dict, form: str) -> dict:
    """The message as a caller of transformers would have to write it for that template."""
    content = message.get("content")
    if form == "parts" and isinstance(content, str):
        return message | {"content": [{"type": "text", "text": content}]}
    if form == "text" and isinstance(content, list):
        return message | {"content": "\n".join(part["text"] for part in content)}
    return message


def render(template: str, messages: list[dict]) -> dict:
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(TOKENIZER), chat_template=template, **SPECIAL_TOKENS)
    try:
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    except Exception as error:  # What a template cannot do is a result, too.
        return {"error": f"{type(error).__name__}: {error}"}
    return {"text": text}


def token_ids(template: str, messages: list[dict]) -> list[int]:
    """As a model gets them: the special tokens that the template wrote, and whichever a user wrote, as such."""
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(TOKENIZER), chat_template=template, **OWN_SPECIAL_TOKENS)
    return tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)


def main() -> None:
    cases = []
    for path in sorted(FIXTURES.glob("*.jinja")):
        for name, messages in CONVERSATIONS.items():
            formed = [in_form(message, FORMS.get(path.name, "text")) for message in messages]
            cases.append({"template": path.name, "conversation": name, **render(path.read_text(), formed)})
    template = (FIXTURES / TOKENIZED_TEMPLATE).read_text()
    tokenized = [{"messages": messages, "tokenIds": token_ids(template, messages)} for messages in TOKENIZED]
    expected = {
        "specialTokens": SPECIAL_TOKENS,
        "conversations": CONVERSATIONS,
        "cases": cases,
        "tokenized": {"template": TOKENIZED_TEMPLATE, "specialTokens": OWN_SPECIAL_TOKENS, "cases": tokenized},
    }
    (FIXTURES / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
