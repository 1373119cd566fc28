"""litellm against the service: as an OpenAI-compatible server, and as Cloudflare."""

import json
import os

# Its table of prices is in the package; a copy from the network is not needed.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm  # noqa: E402 - the setting comes first
from check import (  # noqa: E402
    ASK, EMBEDDING_MODEL, FOUR, FUNCTIONS, MANY_TOKENS, MODEL, TEXTS, THOUGHT, TOOLS, URL, check, error_of, until_idle,
)

litellm.telemetry = False
litellm.suppress_debug_info = True

OPENAI = {"model": f"openai/{MODEL}", "api_base": f"{URL}/v1", "api_key": "none"}
CLOUDFLARE = {
    "model": f"cloudflare/{MODEL}",
    "api_base": f"{URL}/client/v4/accounts/0123abc/ai/run/",
    "api_key": "none",
}
OLLAMA = {"model": f"ollama_chat/{MODEL}", "api_base": URL}
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


def user(content):
    return [{"role": "user", "content": content}]


def ask(messages, provider=OPENAI, **fields):
    return litellm.completion(messages=messages, **{**provider, **fields})


for title, provider in [("openai", OPENAI), ("cloudflare", CLOUDFLARE), ("ollama", OLLAMA)]:

    @check(f"{title}: completion")
    def _(provider=provider):
        answer = ask(user(ASK["plain"]), provider)
        assert answer.choices[0].message.content == TEXTS["plain"], answer
        assert answer.choices[0].finish_reason == "stop"

    @check(f"{title}: three turns, each with model_dump()")
    def _(provider=provider):
        messages = []
        for _ in range(3):
            messages.append({"role": "user", "content": ASK["plain"]})
            message = ask(messages, provider).choices[0].message
            assert message.content == TEXTS["plain"]
            messages.append(message.model_dump())

    @check(f"{title}: streamed")
    def _(provider=provider):
        chunks = list(ask(user(ASK["plain"]), provider, stream=True))
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        assert text == TEXTS["plain"], text
        assert chunks[-1].choices[0].finish_reason == "stop"

    @check(f"{title}: errors")
    def _(provider=provider):
        hot = error_of(lambda: ask(user("a"), provider, temperature=9))
        # Its provider for Ollama knows no classes of errors.
        assert isinstance(hot, litellm.BadRequestError) or (provider is OLLAMA and hot.status_code == 400), repr(hot)
        assert "temperature" in str(hot)


@check("openai: reasoning")
def _():
    message = ask(user(ASK["thought"])).choices[0].message
    assert (message.content, message.reasoning_content) == (FOUR, THOUGHT)


@check("openai: an unknown model")
def _():
    missing = error_of(lambda: ask(user("a"), model="openai/no-such-model"))
    assert isinstance(missing, litellm.NotFoundError), repr(missing)


@check("openai: a schema")
def _():
    response_format = {"type": "json_schema", "json_schema": {"name": "person", "schema": SCHEMA}}
    answer = ask(user(ASK["object"]), response_format=response_format)
    assert json.loads(answer.choices[0].message.content) == {"name": "Ada", "age": 36}


@check("openai: tools over three steps, each with model_dump()")
def _():
    messages = user(ASK["tools"])
    for name in FUNCTIONS:
        answer = ask(messages, tools=TOOLS)
        message = answer.choices[0].message
        [call] = message.tool_calls
        assert call.function.name == name
        content = FUNCTIONS[name](**json.loads(call.function.arguments))
        messages += [message.model_dump(), {"role": "tool", "tool_call_id": call.id, "content": content}]
    assert ask(messages, tools=TOOLS).choices[0].message.content == TEXTS["final"]


@check("openai: embedding")
def _():
    answer = litellm.embedding(**{**OPENAI, "model": f"openai/{EMBEDDING_MODEL}"}, input=["The river", "The mill"])
    assert len(answer.data) == 2
    assert answer.data[0]["embedding"] != answer.data[1]["embedding"]


@check("ollama: embedding")
def _():
    answer = litellm.embedding(model=f"ollama/{EMBEDDING_MODEL}", api_base=URL, input=["The river", "The mill"])
    assert len(answer.data) == 2


@check("openai: a stream closed")
def _():
    stream = ask(user(ASK["endless"]), stream=True, max_tokens=MANY_TOKENS)
    for _ in range(3):
        next(stream)
    stream.completion_stream.close()
    until_idle()
