"""Writes tests/fixtures/grammars/masks.json: which tokens llguidance lets follow random prefixes of the corpus' grammars.

Run it with `pip install llguidance==1.9.1` alone. Prefixes are drawn from llguidance's own masks, so that nothing of ours
is in what the test compares with.
"""

import hashlib
import json
import random
import re
import sys
import zlib
from base64 import b64encode
from pathlib import Path

from llguidance import LLMatcher, LLParserLimits, LLTokenizer, TokenizerWrapper

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "peers"))
from grammar_texts import choice_to_lark, gbnf_to_lark, regex_to_lark  # noqa: E402

CORPUS = ROOT / "tests" / "fixtures" / "grammars"
SEED = 20261128
TOKENS_OF_A_WALK = 24
WALKS = {"ebnf": 4, "text": 2, "schema": 4}
# Texts as JSON.stringify writes them.
COMPACT = {
    "whitespace_flexible": False,
    "key_separator": ":",
    "item_separator": ",",
    "json_allowed_escapes": 'nrbft\\"',
}
# Why fewer texts are of a schema here than in llguidance. Of these, each mask of ours must be a part of llguidance's.
DIFFERENT = {
    "easy-person": "properties that the schema does not name are left out",
    "medium-all-of": "properties that the schema does not name are left out",
    "store-prettier": "properties that the schema does not name are left out",
    "hard-file-system": "a pattern lets control characters through, by their numbers",
    "hard-formats": "a moment's date and time are separated by T alone",
    "call-email": "an address has no quotes and fewer marks",
}
LIMITS = LLParserLimits(
    max_items_in_row=100_000,
    initial_lexer_fuel=100_000_000,
    step_lexer_fuel=100_000_000,
    step_max_items=100_000_000,
    max_lexer_states=1_000_000,
    max_grammar_size=10_000_000,
)


def byte_of_character() -> dict[str, int]:
    """GPT-2's way to write bytes as characters."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {chr(256 + i): byte for i, byte in enumerate(others)}


def vocabulary() -> list[bytes]:
    """The embedded model's tokens, then pieces of two characters that texts of formats are made of."""
    known = byte_of_character()
    model = json.loads((ROOT / "model-weights" / "tokenizer.json").read_text())
    special = {token["content"] for token in model["added_tokens"]}
    words = sorted((id_, text) for text, id_ in model["model"]["vocab"].items() if text not in special)
    tokens = [bytes(known[character] for character in text) for _, text in words]
    marks = [chr(code) for code in range(32, 127) if not chr(code).isalnum()] + ["\n"]
    letters = [chr(code) for code in range(97, 123)]
    digits = [chr(code) for code in range(48, 58)]
    pieces = [a + b for a in marks for b in marks]
    pieces += [a + '"' for a in letters + digits] + ['"' + a for a in letters + digits]
    pieces += [a + b for a in digits for b in digits + [".", ",", "-"]]
    pieces += ['":"', '","', '":{"', '":[', '"},{"', "}]}", '"],"', "true", "false", "null", ":null,", "0000", "):\n"]
    there = set(tokens)
    tokens += [piece.encode() for piece in pieces if piece.encode() not in there]
    # llguidance leaves U+007F out of JSON's strings.
    return [token for token in tokens if b"\x7f" not in token]


class Words:
    """What LLTokenizer asks of a tokenizer. Texts are cut by the tests, so that it encodes none."""

    def __init__(self, tokens: list[bytes]) -> None:
        self.tokens = [*tokens, b"<end>"]
        self.eos_token_id = len(tokens)
        self.bos_token_id = None
        self.special_token_ids = [len(tokens)]

    def __call__(self, text: bytes) -> list[int]:
        return list(text)


def llguidance_grammars() -> list[tuple[str, str, str]]:
    """Name, kind and llguidance's grammar of each item of the corpus."""
    found = []
    parts = re.split(r"(?m)^#= (.*)\n", (CORPUS / "ebnf.gbnf").read_text())[1:]
    for name, text in zip(parts[::2], parts[1::2]):
        found.append((name, "ebnf", gbnf_to_lark(text, True)))
    for name, item in json.loads((CORPUS / "texts.json").read_text()).items():
        lark = choice_to_lark(item["choice"]) if "choice" in item else regex_to_lark(item["regex"])
        found.append((name, "text", lark))
    for name, schema in json.loads((CORPUS / "schemas.json").read_text()).items():
        options = {**COMPACT, "json_allowed_escapes": 'nrbft\\"u'} if name in DIFFERENT else COMPACT
        found.append((name, "schema", f"start: %json {json.dumps({**schema, 'x-guidance': options})}\n"))
    # Where one text alone can follow, llguidance allows one way to cut it into tokens, unless it is told not to.
    return [(name, kind, f'%llguidance {{"no_forcing": true}}\n{lark}') for name, kind, lark in found]


def kind_of(token: bytes) -> str:
    """Of its first character, so that rare ones are drawn as often as letters."""
    first = chr(token[0])
    if first.isascii():
        return "letter" if first.isalpha() else "digit" if first.isdigit() else first if first in '"}])>' else "mark"
    return "other"


def drawn(allowed: list[int], tokens: list[bytes], generator: random.Random) -> int:
    kinds: dict[str, list[int]] = {}
    for token in allowed:
        kinds.setdefault(kind_of(tokens[token]), []).append(token)
    chosen = kinds[generator.choice(sorted(kinds))]
    first = tokens[generator.choice(chosen)][:1]
    return generator.choice([token for token in chosen if tokens[token][:1] == first])


NOT_COMPARED = "--------"


def digest(allowed: list[int], is_end: bool) -> str:
    """Of the ids, and of whether the text may end."""
    text = ",".join(map(str, allowed)) + ("." if is_end else "")
    return hashlib.sha256(text.encode()).hexdigest()[:8]


# The service writes numbers of at most 15 digits before the point and behind it, with exponents of two, and no -0. Texts
# of schemas are kept from others, and masks where the next token may be of the others are not compared.
OTHER_NUMBER = re.compile(rb"(?:^|[:,\[])(?:-0(?![0-9.])|-?[0-9]{16}|-?[0-9]+\.[0-9]{16}|-?[0-9.]+[eE])")
NEAR_OTHER_NUMBER = re.compile(rb"(?:^|[:,\[])(?:-|-0|-0\..*|-?[0-9]{11,}|-?[0-9]+\.[0-9]{11,})$")


def walk(
    matcher: LLMatcher, tokens: list[bytes], generator: random.Random, is_schema: bool
) -> tuple[list[int], str, bytes]:
    """Tokens, the digest of the mask before each of them and behind the last, and the masks."""
    taken: list[int] = []
    digests = ""
    masks = b""
    while True:
        text = b"".join(tokens[token] for token in taken)
        bits = matcher.compute_bitmask()
        if matcher.is_error():
            raise RuntimeError(matcher.get_error().splitlines()[0])
        allowed = [i for i in range(len(tokens)) if bits[i >> 3] >> (i & 7) & 1]
        masks += bits[: (len(tokens) + 7) // 8]
        is_compared = not is_schema or not NEAR_OTHER_NUMBER.search(text)
        digests += digest(allowed, matcher.is_accepting()) if is_compared else NOT_COMPARED
        if is_schema:
            allowed = [token for token in allowed if not OTHER_NUMBER.search(text + tokens[token])]
        if not allowed or len(taken) == TOKENS_OF_A_WALK:
            return taken, digests, masks
        token = drawn(allowed, tokens, generator)
        if not matcher.consume_token(token):
            raise RuntimeError(matcher.get_error().splitlines()[0])
        taken.append(token)


def main() -> None:
    tokens = vocabulary()
    tokenizer = LLTokenizer(TokenizerWrapper(Words(tokens)), slices=[])
    rows = []
    masks = b""
    refused = {}
    for name, kind, lark in llguidance_grammars():
        generator = random.Random(f"{SEED} {name}")
        grammar = LLMatcher.grammar_from_lark(lark)
        first = LLMatcher(tokenizer, grammar, limits=LIMITS)
        if first.is_error():
            refused[name] = re.sub(r"^at .*?: (failed to compile JSON schema: )?", "", first.get_error().splitlines()[0])
            continue
        for _ in range(WALKS[kind]):
            matcher = LLMatcher(tokenizer, grammar, limits=LIMITS)
            taken, digests, bits = walk(matcher, tokens, generator, kind == "schema")
            row = [name, " ".join(map(str, taken)), digests]
            if row not in rows:
                rows.append(row)
                masks += bits if name in DIFFERENT else b""
    names = {name for name, _, _ in rows}
    prefixes = sum(len(digests) // 8 - digests.count(NOT_COMPARED) for name, _, digests in rows if name not in DIFFERENT)
    print(f"{prefixes} prefixes of {len(names - set(DIFFERENT))} grammars; refused: {refused}")
    head = {
        "vocabulary": hashlib.sha256(b"\0".join(tokens)).hexdigest()[:16],
        "refused": refused,
        "different": DIFFERENT,
        "masksOfDifferent": b64encode(zlib.compress(masks, 9)).decode(),
    }
    lines = ",\n".join(json.dumps(row) for row in rows)
    (CORPUS / "masks.json").write_text(f'{json.dumps(head)[:-1]}, "walks": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
