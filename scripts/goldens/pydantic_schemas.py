"""Schemas that pydantic writes for typical models, with values of them as it writes these: what Python clients send."""

import json
from datetime import date, datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal, Optional, Union
from uuid import UUID

import pydantic
from pydantic import BaseModel, ConfigDict, Field

OUT = Path(__file__).parents[2] / "tests/fixtures/json-schema/pydantic.json"


class Colour(str, Enum):
    RED = "red"
    DEEP_BLUE = "deep blue"


class Step(BaseModel):
    explanation: str
    output: str


class MathAnswer(BaseModel):
    steps: list[Step]
    final_answer: str


class Person(BaseModel):
    """A person, as in a text."""

    name: str = Field(description="the whole name", min_length=1, max_length=80)
    age: Optional[int] = Field(default=None, ge=0, le=150)
    height: float = Field(gt=0)
    favourite: Colour = Colour.RED
    nick_names: set[Colour] = set()
    active: bool = True


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = Field(gt=0, lt=10)


class Dog(BaseModel):
    kind: Literal["dog"]
    breed: str | None


class Zoo(BaseModel):
    favourite: Annotated[Union[Cat, Dog], Field(discriminator="kind")]
    others: list[Union[Cat, Dog]] = Field(max_length=3)


class Node(BaseModel):
    value: int
    children: list["Node"] = []


class Event(BaseModel):
    id: UUID
    day: date
    at: datetime
    lasts: timedelta
    code: str = Field(pattern=r"^[A-Z]{3}-\d+$")
    place: tuple[float, float]
    labels: dict[str, int]
    notes: dict[str, str | int | None]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    even: int = Field(multiple_of=2, ge=0)
    choice: Literal["a", 1, None, True]


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: str


VALUES: list[BaseModel] = [
    MathAnswer(steps=[Step(explanation="8x = -30", output="x = -3.75")], final_answer="x = -15/4"),
    MathAnswer(steps=[], final_answer='"so"\n'),
    Person(name="Zoë Ünal", age=37, height=1.69, favourite=Colour.DEEP_BLUE, nick_names={Colour.RED}),
    Person(name="x", height=0.5),
    Zoo(favourite=Cat(lives=9), others=[Dog(kind="dog", breed=None), Cat(lives=1)]),
    Zoo(favourite=Dog(kind="dog", breed="poodle"), others=[]),
    Node(value=1, children=[Node(value=-2), Node(value=3, children=[Node(value=4)])]),
    Event(
        id=UUID("6fa459ea-ee8a-3ca4-894e-db77e160355e"),
        day=date(2024, 2, 29),
        at=datetime(2024, 2, 29, 23, 59, 1, 500, tzinfo=timezone.utc),
        lasts=timedelta(days=1, seconds=5),
        code="ABC-12",
        place=(1.5, -2.25),
        labels={"x": 1, "y": -2},
        notes={"a b": None, "c": "d", "e": 5},
    ),
    Strict(even=14, choice=None),
    Strict(even=0, choice=1),
    Loose(a="b", extra=[1, {"c": None}]),
]

by_name: dict[str, dict] = {}
for value in VALUES:
    model = type(value)
    entry = by_name.setdefault(model.__name__, {"schema": model.model_json_schema(), "texts": []})
    entry["texts"].append(value.model_dump_json())

OUT.write_text(json.dumps({"pydantic": pydantic.VERSION, "models": by_name}, indent=1) + "\n")
