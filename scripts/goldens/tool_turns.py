"""The prompt behind a turn with calls and their results: tests/fixtures/chat-templates/published/tool-turns.json.

tests/http/tool-families.test.ts has official clients send the same turns back. Run it as tool_templates.py.
"""

import json
from os.path import commonprefix

from tool_templates import FIXTURES, QUESTION, SPECIAL_TOKENS, SYSTEM, TOOLS, call, render

NOTE = {
    "type": "function",
    "function": {
        "name": "note",
        "description": "Keeps a note",
        "parameters": {
            "type": "object",
            "properties": {
                "text": {"type": "string", "description": "what it says"},
                "tags": {"type": "array", "items": {"type": "string"}, "description": "words"},
                "place": {"type": "object", "description": "where"},
            },
            "required": ["text"],
        },
    },
}
ALL_TOOLS = [*TOOLS, NOTE]
RESULTS = {"get_weather": 'rain "soon" in Zürich', "get_time": "12:05", "note": "kept"}

# What the model said and called in its turn.
TURNS = {
    "one call": ("", [("get_weather", {"city": "Zürich", "days": 2})]),
    "no arguments": ("", [("get_time", {})]),
    "two calls": ("", [("get_weather", {"city": "Bern"}), ("get_time", {})]),
    "a text first": ("I look it up.", [("get_weather", {"city": "Bern", "days": 1})]),
    "characters": ("", [("note", {"text": 'She said "no"\\ and\n\tl\'été: 日本語 🌊 {x} [y], (z) <b>&amp;</b>'})]),
    "nesting": (
        "",
        [("note", {"text": "a", "tags": ["x", "y z"], "place": {"at": [1, [2.5, {"k": None}]], "is": {"open": True, "far": False}}})],
    ),
}

FAMILIES = [
    "qwen2.5", "qwen3", "qwen3-coder", "hermes", "llama-json", "pythonic", "mistral-nemo", "mistral-small-3.2",
    "function-gemma", "granite-3.3", "gemma", "smollm2", "smollm3",
]  # fmt: skip

# Their templates know no tools, or write no calls: the service tells the rest in words.
WITHOUT_TOOLS = ["gemma", "smollm2", "smollm3"]
WITHOUT_CALLS = ["granite-3.3"]
WITHOUT_SYSTEM = ["gemma"]
# It refuses several calls in one turn, and gets a turn for each.
ONE_CALL_A_TURN = ["llama-json"]

INSTRUCTIONS = """You can call these functions, each described by a JSON object with a JSON Schema of its parameters:
{list}

To call functions, answer with a JSON object of this form and with nothing else:
{{"tool_calls": [{{"name": "the function's name", "arguments": {{"a parameter": "its value"}}}}]}}
If you do not need a function, answer with a JSON object of this form instead:
{{"response": "your reply"}}
The results of your calls are sent to you in the next message."""


def compact(value) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def as_json(said: str, calls: list) -> str:
    """The turn as the model wrote it: calls are the JSON object that was asked for."""
    listed = ", ".join(f'{{"name": "{name}", "arguments": {compact(arguments)}}}' for name, arguments in calls)
    return "\n".join([*([said] if said else []), f'{{"tool_calls": [{listed}]}}'])


def plain_turns(family: str, said: str, calls: list) -> list[dict]:
    listed = "\n".join(compact(tool["function"]) for tool in ALL_TOOLS)
    system = f"{SYSTEM['content']}\n\n{INSTRUCTIONS.format(list=listed)}"
    results = "\n\n".join(f"The result of {name}:\n{RESULTS[name]}" for name, _ in calls)
    is_joined = family in WITHOUT_SYSTEM
    question = f"{system}\n\n{QUESTION['content']}" if is_joined else QUESTION["content"]
    return [
        *([] if is_joined else [{"role": "system", "content": system}]),
        {"role": "user", "content": question},
        {"role": "assistant", "content": as_json(said, calls)},
        {"role": "user", "content": results},
    ]


def turns(family: str, said: str, calls: list) -> list[dict]:
    if family in WITHOUT_TOOLS:
        return plain_turns(family, said, calls)
    ids = ["a1b2c3d4e", "f1b2c3d4e"]
    made = [call(call_id, name, arguments) for call_id, (name, arguments) in zip(ids, calls)]
    results = [
        {"role": "tool", "tool_call_id": one["id"], "name": one["function"]["name"], "content": RESULTS[one["function"]["name"]]}
        for one in made
    ]
    if family in WITHOUT_CALLS:
        return [SYSTEM, QUESTION, {"role": "assistant", "content": as_json(said, calls)}, *results]
    if family not in ONE_CALL_A_TURN:
        return [SYSTEM, QUESTION, {"role": "assistant", "content": said, "tool_calls": made}, *results]
    pairs = [[{"role": "assistant", "content": said, "tool_calls": [one]}, result] for one, result in zip(made, results)]
    return [SYSTEM, QUESTION, *[message for pair in pairs for message in pair]]


def prompts_of(family: str) -> dict:
    template = (FIXTURES / f"{family}.jinja").read_text()
    tools = None if family in WITHOUT_TOOLS else ALL_TOOLS
    texts = [render(template, turns(family, said, calls), tools)["text"] for said, calls in TURNS.values()]
    start = commonprefix(texts)
    return {"start": start, "turns": {name: text[len(start) :] for name, text in zip(TURNS, texts)}}


def main() -> None:
    expected = {
        "specialTokens": SPECIAL_TOKENS,
        "system": SYSTEM["content"],
        "question": QUESTION["content"],
        "tools": ALL_TOOLS,
        "results": RESULTS,
        "turns": {
            name: {"said": said, "calls": [{"name": tool, "arguments": arguments} for tool, arguments in calls]}
            for name, (said, calls) in TURNS.items()
        },
        # Each begins with `start`: the tools and the question.
        "prompts": {family: prompts_of(family) for family in FAMILIES},
    }
    (FIXTURES / "tool-turns.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
