"""What the scripts of all Python clients share: check.mjs in Python."""

import json
import os
import re
import time
import traceback
import urllib.request

SETUP = json.loads(os.environ["CLIENT_SETUP"])
URL = SETUP["url"]
MODEL = SETUP["model"]
EMBEDDING_MODEL = SETUP["embeddingModel"]
CHAT_MODEL = SETUP["chatModel"]
TEXTS = SETUP["texts"]

ASK = {
    "plain": "How high is the tower?",
    "tools": "What is the weather in Paris, and what is 2 + 3?",
    "thought": "Please think: what is two and two?",
    "object": "Describe Ada as JSON.",
    "endless": "Please count.",
}
# Asked for by checks that leave before the end.
MANY_TOKENS = 50_000

# When the check began.
generated_before = 0

THOUGHT, FOUR = re.search(r"<think>\s*(.*?)\s*</think>\s*(.*)", TEXTS["thought"], re.S).groups()


def get_weather(city: str) -> str:
    """The weather of a city."""
    assert city == "Paris", city
    return json.dumps({"celsius": 21})


def add(a: int, b: int) -> str:
    """The sum of two numbers."""
    assert (a, b) == (2, 3), (a, b)
    return str(a + b)


FUNCTIONS = {"get_weather": get_weather, "add": add}

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": function.__doc__,
            "parameters": {
                "type": "object",
                "properties": properties,
                "required": list(properties),
                "additionalProperties": False,
            },
        },
    }
    for (name, function), properties in zip(
        FUNCTIONS.items(),
        [{"city": {"type": "string"}}, {"a": {"type": "integer"}, "b": {"type": "integer"}}],
        strict=True,
    )
]


def check(name):
    """Decorates a check: runs it at once, and prints how it ended."""

    def run(work):
        if os.environ.get("TEST_CHECK", "") not in name:
            return
        global generated_before
        generated_before = metric("generation_tokens_total")
        try:
            work()
            line = {"check": name, "ok": True}
        except Exception as error:  # noqa: BLE001 - whatever it is, it is printed
            place = traceback.extract_tb(error.__traceback__)
            own = [frame for frame in place if "scripts" in frame.filename][-1]
            text = f"{type(error).__name__}: {error} at line {own.lineno}: {own.line}"
            line = {"check": name, "ok": False, "error": text[:2000]}
        print(json.dumps(line, separators=(",", ":")), flush=True)

    return run


def error_of(work):
    """The error that a function raises."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - the caller looks at what it is
        return error
    raise AssertionError("it was not refused")


def until_idle():
    """As `untilIdle` of check.mjs."""
    while metric("num_requests_running") > 0:
        time.sleep(0.02)
    generated = metric("generation_tokens_total") - generated_before
    assert generated < MANY_TOKENS, "the service went on to the end after the client had gone"


def metric(name):
    with urllib.request.urlopen(f"{URL}/metrics") as answer:
        text = answer.read().decode()
    counts = re.findall(rf"^tokenflare_{name}(?:\{{.*\}})? (\d+)$", text, re.M)
    assert counts, f"/metrics has no tokenflare_{name}"
    return sum(map(int, counts))
