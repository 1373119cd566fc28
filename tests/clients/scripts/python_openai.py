"""openai-python against the service."""

import json

import openai
from check import (
    ASK, CHAT_MODEL, EMBEDDING_MODEL, FOUR, FUNCTIONS, MANY_TOKENS, MODEL, TEXTS, THOUGHT, TOOLS, URL, check, error_of, until_idle,
)
from pydantic import BaseModel

client = openai.OpenAI(base_url=f"{URL}/v1", api_key="none", max_retries=0)


class Person(BaseModel):
    name: str
    age: int


ADA = Person(name="Ada", age=36)


def user(content):
    return [{"role": "user", "content": content}]


def ask(messages, **fields):
    return client.chat.completions.create(model=MODEL, messages=messages, **fields)


@check("models.list")
def _():
    assert {MODEL, EMBEDDING_MODEL} <= {model.id for model in client.models.list()}
    assert client.models.retrieve(MODEL).id == MODEL


@check("chat")
def _():
    answer = ask(user(ASK["plain"]))
    assert answer.choices[0].message.content == TEXTS["plain"]
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.completion_tokens > 1


@check("chat: a real model")
def _():
    if CHAT_MODEL is None:
        return
    answer = client.chat.completions.create(model=CHAT_MODEL, messages=user("Hello!"), max_tokens=12)
    assert answer.choices[0].message.content.strip()


@check("chat: three turns, each with model_dump()")
def _():
    messages = []
    for turn in range(3):
        messages.append({"role": "user", "content": ASK["thought"] if turn == 1 else ASK["plain"]})
        message = ask(messages).choices[0].message
        assert message.content == (FOUR if turn == 1 else TEXTS["plain"])
        messages.append(message.model_dump())


@check("chat: three turns with the client's objects")
def _():
    messages = []
    for _ in range(3):
        messages.append({"role": "user", "content": ASK["plain"]})
        message = ask(messages).choices[0].message
        assert message.content == TEXTS["plain"]
        messages.append(message)


@check("chat: reasoning")
def _():
    message = ask(user(ASK["thought"])).choices[0].message
    assert (message.content, message.reasoning_content) == (FOUR, THOUGHT)


@check("chat: streamed")
def _():
    chunks = list(ask(user(ASK["plain"]), stream=True, stream_options={"include_usage": True}))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == TEXTS["plain"]
    assert chunks[-1].usage.completion_tokens > 1


@check("chat.completions.stream")
def _():
    with client.chat.completions.stream(model=MODEL, messages=user(ASK["plain"])) as stream:
        for _ in stream:
            pass
        assert stream.get_final_completion().choices[0].message.content == TEXTS["plain"]


@check("chat.completions.parse")
def _():
    answer = client.chat.completions.parse(model=MODEL, messages=user(ASK["object"]), response_format=Person)
    message = answer.choices[0].message
    assert message.parsed == ADA
    messages = [*user(ASK["object"]), message.model_dump(), *user(ASK["plain"])]
    assert ask(messages).choices[0].message.content == TEXTS["plain"]


def over_tools(next_message):
    messages = user(ASK["tools"])
    for name in FUNCTIONS:
        message = next_message(messages)
        [call] = message.tool_calls
        assert call.function.name == name
        content = FUNCTIONS[name](**json.loads(call.function.arguments))
        messages += [message.model_dump(), {"role": "tool", "tool_call_id": call.id, "content": content}]
    assert next_message(messages).content == TEXTS["final"]


@check("tools over three steps, each with model_dump()")
def _():
    over_tools(lambda messages: ask(messages, tools=TOOLS).choices[0].message)


@check("tools over three steps, streamed")
def _():
    def next_message(messages):
        with client.chat.completions.stream(model=MODEL, messages=messages, tools=TOOLS) as stream:
            return stream.get_final_completion().choices[0].message

    over_tools(next_message)


@check("responses: three turns, with output sent back")
def _():
    conversation = []
    for turn in range(3):
        conversation.append({"role": "user", "content": ASK["thought"] if turn == 1 else ASK["plain"]})
        response = client.responses.create(model=MODEL, input=conversation)
        assert response.output_text == (FOUR if turn == 1 else TEXTS["plain"])
        conversation += [item.model_dump() for item in response.output]


@check("responses.stream")
def _():
    with client.responses.stream(model=MODEL, input=ASK["plain"]) as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        assert text == TEXTS["plain"]
        assert stream.get_final_response().output_text == TEXTS["plain"]


@check("responses.parse")
def _():
    assert client.responses.parse(model=MODEL, input=ASK["object"], text_format=Person).output_parsed == ADA


@check("completions")
def _():
    answer = client.completions.create(model=MODEL, prompt="Hello", max_tokens=40)
    assert answer.choices[0].text == TEXTS["plain"]


@check("embeddings")
def _():
    river, mill = client.embeddings.create(model=EMBEDDING_MODEL, input=["The river", "The mill"]).data
    assert len(river.embedding) == len(mill.embedding) > 8
    assert river.embedding != mill.embedding


@check("a stream closed")
def _():
    stream = ask(user(ASK["endless"]), stream=True, max_tokens=MANY_TOKENS)
    for _ in range(3):
        next(stream)
    stream.close()
    until_idle()


@check("errors")
def _():
    missing = error_of(lambda: client.chat.completions.create(model="no-such-model", messages=user("a")))
    assert isinstance(missing, openai.NotFoundError) and missing.code == "model_not_found", repr(missing)
    hot = error_of(lambda: ask(user("a"), temperature=9))
    assert isinstance(hot, openai.BadRequestError) and hot.param == "temperature", repr(hot)
    assert hot.request_id
