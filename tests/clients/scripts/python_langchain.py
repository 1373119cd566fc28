"""langchain-openai against the service."""

import openai
from check import (
    ASK, CHAT_MODEL, EMBEDDING_MODEL, FUNCTIONS, MANY_TOKENS, MODEL, TEXTS, URL, check, error_of, until_idle,
)
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

SHARED = {"base_url": f"{URL}/v1", "api_key": "none", "max_retries": 0}
chat = ChatOpenAI(model=MODEL, **SHARED)


class Person(BaseModel):
    """A person."""

    name: str
    age: int


class Extract(Person):
    """What the scripted model calls by this name."""


Extract.__name__ = "extract"
ADA = {"name": "Ada", "age": 36}


@check("invoke")
def _():
    message = chat.invoke(ASK["plain"])
    assert message.content == TEXTS["plain"]
    assert message.usage_metadata["output_tokens"] > 1


@check("invoke: a real model")
def _():
    if CHAT_MODEL is not None:
        assert ChatOpenAI(model=CHAT_MODEL, max_tokens=12, **SHARED).invoke("Hello!").content.strip()


@check("three turns")
def _():
    messages = []
    for _ in range(3):
        messages.append(HumanMessage(ASK["plain"]))
        messages.append(chat.invoke(messages))
        assert messages[-1].content == TEXTS["plain"]


@check("stream")
def _():
    chunks = list(chat.stream(ASK["plain"]))
    assert "".join(chunk.content for chunk in chunks) == TEXTS["plain"]


@check("the Responses API")
def _():
    responses = ChatOpenAI(model=MODEL, use_responses_api=True, **SHARED)
    assert responses.invoke(ASK["plain"]).text == TEXTS["plain"]
    assert "".join(chunk.text for chunk in responses.stream(ASK["plain"])) == TEXTS["plain"]


for method, schema in [("json_schema", Person), ("function_calling", Extract), ("json_mode", Person)]:

    @check(f"with_structured_output: {method}")
    def _(method=method, schema=schema):
        assert chat.with_structured_output(schema, method=method).invoke(ASK["object"]).model_dump() == ADA


@check("bind_tools over three steps")
def _():
    bound = chat.bind_tools([tool(function) for function in FUNCTIONS.values()])
    messages = [HumanMessage(ASK["tools"])]
    for name in FUNCTIONS:
        message = bound.invoke(messages)
        [call] = message.tool_calls
        assert call["name"] == name
        messages += [message, ToolMessage(FUNCTIONS[name](**call["args"]), tool_call_id=call["id"])]
    assert bound.invoke(messages).content == TEXTS["final"]


@check("embeddings")
def _():
    embedder = OpenAIEmbeddings(model=EMBEDDING_MODEL, base_url=f"{URL}/v1", api_key="none", check_embedding_ctx_length=False)
    river, mill = embedder.embed_documents(["The river", "The mill"])
    assert len(river) == len(mill) > 8
    assert river != mill


@check("a stream closed")
def _():
    stream = ChatOpenAI(model=MODEL, max_tokens=MANY_TOKENS, **SHARED).stream(ASK["endless"])
    for _ in range(3):
        next(stream)
    stream.close()
    until_idle()


@check("errors")
def _():
    hot = error_of(lambda: ChatOpenAI(model=MODEL, temperature=9, **SHARED).invoke("a"))
    assert isinstance(hot, openai.BadRequestError) and "temperature" in str(hot), repr(hot)
    missing = error_of(lambda: ChatOpenAI(model="no-such-model", **SHARED).invoke("a"))
    assert isinstance(missing, openai.NotFoundError), repr(missing)
