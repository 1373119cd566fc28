"""Adds llguidance's verdicts to tests/fixtures/json-schema/other-engines.json, which structured_output.ts writes.

Run it with `pip install llguidance==1.9.1` alone.
"""

import json
from pathlib import Path

from llguidance import LLMatcher, LLTokenizer

FIXTURE = Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "json-schema" / "other-engines.json"
TOKENIZER = LLTokenizer("byte")
COMPACT = {"whitespace_flexible": False, "key_separator": ":", "item_separator": ","}


def verdicts(schema: dict, texts: list[str]) -> str:
    matcher = LLMatcher(TOKENIZER, LLMatcher.grammar_from_json_schema(json.dumps(schema), defaults=COMPACT))
    if matcher.is_error():
        return matcher.get_error().splitlines()[0][:100]
    return "".join(str(int(is_taken(matcher.deep_copy(), text))) for text in texts)


def is_taken(matcher: LLMatcher, text: str) -> bool:
    tokens = TOKENIZER.tokenize_bytes(text.encode())
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()


def main() -> None:
    rows = json.loads(FIXTURE.read_text())
    for row in rows:
        row["llguidance"] = verdicts(row["schema"], row["texts"])
    FIXTURE.write_text("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
