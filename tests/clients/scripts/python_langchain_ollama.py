"""langchain-ollama against the service."""

import ollama
from check import ASK, CHAT_MODEL, EMBEDDING_MODEL, FOUR, FUNCTIONS, MODEL, TEXTS, THOUGHT, URL, check, error_of
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_ollama import ChatOllama, OllamaEmbeddings, OllamaLLM
from pydantic import BaseModel

chat = ChatOllama(model=MODEL, base_url=URL)


class Person(BaseModel):
    """A person."""

    name: str
    age: int


@check("invoke")
def _():
    message = chat.invoke(ASK["plain"])
    assert message.content == TEXTS["plain"]
    assert message.usage_metadata["output_tokens"] > 1


@check("invoke: a real model")
def _():
    if CHAT_MODEL is not None:
        assert ChatOllama(model=CHAT_MODEL, num_predict=12, base_url=URL).invoke("Hello!").content.strip()


@check("three turns")
def _():
    messages = []
    for _ in range(3):
        messages.append(HumanMessage(ASK["plain"]))
        messages.append(chat.invoke(messages))
        assert messages[-1].content == TEXTS["plain"]


@check("stream")
def _():
    assert "".join(chunk.content for chunk in chat.stream(ASK["plain"])) == TEXTS["plain"]


@check("a completion")
def _():
    assert OllamaLLM(model=MODEL, base_url=URL).invoke(ASK["plain"]) == TEXTS["plain"]


@check("reasoning")
def _():
    message = ChatOllama(model=MODEL, base_url=URL, reasoning=True).invoke(ASK["thought"])
    assert message.additional_kwargs["reasoning_content"].strip() == THOUGHT
    assert message.content == FOUR


@check("with_structured_output")
def _():
    asked = chat.with_structured_output(Person, method="json_schema").invoke(ASK["object"])
    assert asked.model_dump() == {"name": "Ada", "age": 36}


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
    river, mill = OllamaEmbeddings(model=EMBEDDING_MODEL, base_url=URL).embed_documents(["The river", "The mill"])
    assert len(river) == len(mill) > 8
    assert river != mill


@check("errors")
def _():
    hot = error_of(lambda: ChatOllama(model=MODEL, temperature=9, base_url=URL).invoke("a"))
    assert isinstance(hot, ollama.ResponseError) and hot.status_code == 400, repr(hot)
    missing = error_of(lambda: ChatOllama(model="no-such-model", base_url=URL).invoke("a"))
    assert isinstance(missing, ollama.ResponseError) and missing.status_code == 404, repr(missing)
