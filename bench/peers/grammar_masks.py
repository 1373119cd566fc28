"""Masks of llguidance or xgrammar for token sequences of grammars.

    grammar_masks.py ENGINE VOCABULARY

Each line of standard input is {"kind", "source", "sequences"}, each line of the output what it took, in the form of
bench/harness/grammar-runs.ts.
"""

import ctypes
import json
import sys
import time
from base64 import b64decode

from grammar_texts import choice_to_lark, gbnf_to_lark, regex_to_lark

LIBC = ctypes.CDLL("libc.so.6")
TURNS = 2
LONG_US = 500


def now_us() -> float:
    return time.perf_counter_ns() / 1000


def time_of(action) -> tuple[float, object]:
    """Microseconds; of what takes long, those in which this thread ran, as bench/harness/grammar-worker.ts has it."""
    thread_before = time.thread_time_ns()
    started = now_us()
    result = action()
    us = now_us() - started
    return (us if us < LONG_US else min(us, (time.thread_time_ns() - thread_before) / 1000)), result


def resident_bytes() -> int:
    LIBC.malloc_trim(0)
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


class Llguidance:
    COMPACT = {"whitespace_flexible": False, "key_separator": ":", "item_separator": ","}

    def __init__(self, tokens: list[bytes]) -> None:
        from llguidance import LLMatcher, LLTokenizer, TokenizerWrapper
        from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask

        class Words:
            def __init__(self) -> None:
                self.tokens = [*tokens, b"<end>"]
                self.eos_token_id = len(tokens)
                self.bos_token_id = None
                self.special_token_ids = [len(tokens)]

            def __call__(self, text: bytes) -> list[int]:
                return list(text)

        self.matcher = LLMatcher
        self.fill = fill_next_token_bitmask
        self.mask = allocate_token_bitmask(1, len(tokens) + 1)
        self.tokenizer = LLTokenizer(TokenizerWrapper(Words()))

    def compile(self, kind: str, source, by_characters: bool):
        if kind == "ebnf":
            grammar = self.matcher.grammar_from_lark(gbnf_to_lark(source, by_characters))
        elif kind == "regex":
            grammar = self.matcher.grammar_from_lark(regex_to_lark(source))
        elif kind == "choice":
            grammar = self.matcher.grammar_from_lark(choice_to_lark(source))
        else:
            grammar = self.matcher.grammar_from_json_schema(json.dumps(source), defaults=self.COMPACT)
        made = self.matcher(self.tokenizer, grammar)
        if made.is_error():
            raise ValueError(made.get_error().splitlines()[0])
        return made

    def begin(self, compiled):
        return compiled.deep_copy()

    def fill_mask(self, matcher) -> None:
        self.fill(matcher, self.mask, 0)

    def step(self, matcher, token: int) -> bool:
        return matcher.consume_token(token)

    def failure(self, matcher) -> str:
        return matcher.get_error().splitlines()[0] if matcher.is_error() else ""

    def held_bytes(self, compiled) -> int | None:
        return None


class Xgrammar:
    def __init__(self, tokens: list[bytes]) -> None:
        import torch
        import xgrammar

        torch.set_num_threads(1)
        self.xgrammar = xgrammar
        info = xgrammar.TokenizerInfo(
            [*tokens, b"<end>"], vocab_type=xgrammar.VocabType.RAW, stop_token_ids=[len(tokens)]
        )
        self.compiler = xgrammar.GrammarCompiler(info, max_threads=1, cache_enabled=False)
        self.mask = xgrammar.allocate_token_bitmask(1, info.vocab_size)

    def compile(self, kind: str, source, by_characters: bool):
        if kind == "ebnf":
            return self.compiler.compile_grammar(source)
        if kind == "regex":
            return self.compiler.compile_regex(source)
        if kind == "choice":
            texts = (json.dumps(text, ensure_ascii=False) for text in source)
            return self.compiler.compile_grammar(f"root ::= {' | '.join(texts)}")
        return self.compiler.compile_json_schema(
            json.dumps(source), any_whitespace=False, separators=(",", ":")
        )

    def begin(self, compiled):
        return self.xgrammar.GrammarMatcher(compiled)

    def fill_mask(self, matcher) -> None:
        matcher.fill_next_token_bitmask(self.mask, 0)

    def step(self, matcher, token: int) -> bool:
        return matcher.accept_token(token)

    def failure(self, matcher) -> str:
        return ""

    def held_bytes(self, compiled) -> int:
        return compiled.memory_size_bytes


def measure(engine, compiled, sequences: list[list[int]]) -> dict:
    mask_us: list[float] = []
    step_us: list[float] = []
    left_at: list[str] = []
    for i, sequence in enumerate(sequences):
        matcher = engine.begin(compiled)
        for j, token in enumerate(sequence):
            mask_us.append(time_of(lambda: engine.fill_mask(matcher))[0])
            us, taken = time_of(lambda: engine.step(matcher, token))
            step_us.append(us)
            if not taken:
                left_at.append(f"text {i}, token {j}: {engine.failure(matcher) or 'not allowed'}"[:160])
                break
    return {"maskUs": mask_us, "stepUs": step_us, "leftAt": left_at}


def run(engine, kind: str, source, sequences: list[list[int]], by_characters: bool = False) -> dict:
    before = resident_bytes()
    started = now_us()
    try:
        compiled = engine.compile(kind, source, by_characters)
    except Exception as error:
        return {"refusal": str(error)[:160]}
    compile_us = now_us() - started
    found = measure(engine, compiled, sequences)
    held = engine.held_bytes(compiled)
    found["bytes"] = max(0, resident_bytes() - before) if held is None else held
    if found["leftAt"] and kind == "ebnf" and not by_characters and isinstance(engine, Llguidance):
        # Its terminals are each as long as possible, so that it does not take the text of a grammar.
        return {**run(engine, kind, source, sequences, True), "byCharacters": True}
    for _ in range(TURNS - 1):
        again = measure(engine, engine.compile(kind, source, by_characters), sequences)
        for key in ("maskUs", "stepUs"):
            found[key] = [min(pair) for pair in zip(found[key], again[key])]
    return {"compileUs": compile_us, "startUs": 0, **found}


def main() -> None:
    name, vocabulary = sys.argv[1:]
    with open(vocabulary) as file:
        tokens = [b64decode(token) for token in json.load(file)["tokens"]]
    engine = {"llguidance": Llguidance, "xgrammar": Xgrammar}[name](tokens)
    print("ready", flush=True)
    for line in sys.stdin:
        item = json.loads(line)
        print(json.dumps(run(engine, item["kind"], item["source"], item["sequences"])), flush=True)


if __name__ == "__main__":
    main()
