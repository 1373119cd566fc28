"""Conversations with tools, rendered by transformers' apply_chat_template: tests/fixtures/chat-templates/published/expected.json.

Run it with transformers and jinja2 of requirements.txt; torch is not needed.
"""

import json
from pathlib import Path

from transformers import PreTrainedTokenizerFast

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures" / "chat-templates" / "published"
TOKENIZER = ROOT / "tests" / "fixtures" / "tiny-gpt2" / "tokenizer.json"
SPECIAL_TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Weather of a city",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "its name"},
                    "days": {"type": "integer", "description": "how many"},
                },
                "required": ["city"],
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "get_time",
            "description": "Time of day",
            "parameters": {"type": "object", "properties": {}},
        },
    },
]


def call(call_id: str, name: str, arguments: dict) -> dict:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


# A system message first: without one some templates write the date of the day.
SYSTEM = {"role": "system", "content": "Be kind."}
QUESTION = {"role": "user", "content": "Rain in Zürich?"}
CONVERSATIONS = {
    "a question": [SYSTEM, QUESTION],
    "a call": [
        SYSTEM,
        QUESTION,
        {"role": "assistant", "content": "", "tool_calls": [call("a1b2c3d4e", "get_weather", {"city": "Zürich", "days": 2})]},
        {"role": "tool", "tool_call_id": "a1b2c3d4e", "name": "get_weather", "content": "rain \"soon\""},
    ],
    "two calls": [
        SYSTEM,
        QUESTION,
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [call("a1b2c3d4e", "get_weather", {"city": "Zürich"}), call("f1b2c3d4e", "get_time", {})],
        },
        {"role": "tool", "tool_call_id": "a1b2c3d4e", "name": "get_weather", "content": "rain"},
        {"role": "tool", "tool_call_id": "f1b2c3d4e", "name": "get_time", "content": "noon"},
        {"role": "assistant", "content": "Rain at noon."},
        {"role": "user", "content": "Thanks."},
    ],
}


# Beside a call this one writes an empty message for an empty content; its callers hand over none.
WITHOUT_CONTENT = ["deepseek-r1-distill.jinja"]


def without_empty(message: dict) -> dict:
    return message | {"content": None} if message["content"] == "" else message


def render(template: str, messages: list[dict], tools: list[dict] | None = TOOLS, **variables) -> dict:
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(TOKENIZER), chat_template=template, **SPECIAL_TOKENS)
    try:
        text = tokenizer.apply_chat_template(
            messages, tools=tools, tokenize=False, add_generation_prompt=True, **variables
        )
    except Exception as error:  # What a template cannot do is a result, too.
        return {"error": f"{type(error).__name__}: {error}"}
    return {"text": text}


def main() -> None:
    cases = []
    for path in sorted(FIXTURES.glob("*.jinja")):
        for name, messages in CONVERSATIONS.items():
            if path.name in WITHOUT_CONTENT:
                messages = [without_empty(message) for message in messages]
            cases.append({"template": path.name, "conversation": name, **render(path.read_text(), messages)})
        off = render(path.read_text(), CONVERSATIONS["a question"], enable_thinking=False)
        cases.append({"template": path.name, "conversation": "a question", "variables": {"enable_thinking": False}, **off})
    expected = {"specialTokens": SPECIAL_TOKENS, "tools": TOOLS, "conversations": CONVERSATIONS, "cases": cases}
    (FIXTURES / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
