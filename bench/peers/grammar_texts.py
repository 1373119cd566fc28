"""Grammars of our corpus in llguidance's syntax: GBNF and regular expressions of JavaScript become Lark and Rust's."""

import re

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
HEX_LENGTHS = {"x": 2, "u": 4, "U": 8}

# A node: ("text", str), ("set", str of a Rust class), ("name", str), ("seq", [nodes]), ("any", [nodes]),
# ("repeat", node, least, most or None).


class GbnfParser:
    """Reads the GBNF that the corpus uses."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def parse(self) -> dict[str, tuple]:
        rules = {}
        self.skip(True)
        while self.at < len(self.text):
            name = self.name()
            self.skip(True)
            self.expect("::=")
            self.skip(True)
            rules[name] = self.choice()
            self.skip(True)
        return rules

    def peek(self, length: int = 1) -> str:
        return self.text[self.at : self.at + length]

    def expect(self, text: str) -> None:
        if self.peek(len(text)) != text:
            raise ValueError(f"expected {text!r} before {self.text[self.at : self.at + 30]!r}")
        self.at += len(text)

    def skip(self, over_lines: bool) -> None:
        pattern = r"(?:[ \t]|#[^\n]*)*" if not over_lines else r"(?:[ \t\n]|#[^\n]*)*"
        self.at = re.compile(pattern).match(self.text, self.at).end()

    def name(self) -> str:
        match = re.compile(r"[a-zA-Z0-9_.-]+").match(self.text, self.at)
        if match is None:
            raise ValueError(f"expected a name before {self.text[self.at : self.at + 30]!r}")
        self.at = match.end()
        return match.group()

    def choice(self, in_group: bool = False) -> tuple:
        items = [self.sequence(in_group)]
        while True:
            before = self.at
            self.skip(True)
            if self.peek() != "|":
                self.at = before
                return items[0] if len(items) == 1 else ("any", items)
            self.at += 1
            self.skip(True)
            items.append(self.sequence(in_group))

    def sequence(self, in_group: bool) -> tuple:
        items = []
        while True:
            self.skip(in_group)
            if self.peek() in ("", "|", ")", "\n"):
                return items[0] if len(items) == 1 else ("seq", items)
            items.append(self.quantified())

    def quantified(self) -> tuple:
        node = self.atom()
        while True:
            match = re.compile(r"[*+?]|\{(\d+)(,?)(\d*)\}").match(self.text, self.at)
            if match is None:
                return node
            self.at = match.end()
            bounds = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(match.group())
            if bounds is None:
                least = int(match.group(1))
                most = least if not match.group(2) else int(match.group(3)) if match.group(3) else None
                bounds = (least, most)
            node = ("repeat", node, *bounds)

    def atom(self) -> tuple:
        first = self.peek()
        if first == '"':
            return ("text", "".join(self.until('"')))
        if first == "[":
            return ("set", self.character_class())
        if first == "(":
            self.at += 1
            self.skip(True)
            node = self.choice(True)
            self.skip(True)
            self.expect(")")
            return node
        return ("name", self.name())

    def until(self, end: str):
        self.at += 1
        while self.peek() != end:
            yield self.character()
        self.at += 1

    def character(self) -> str:
        first = self.peek()
        self.at += 1
        if first != "\\":
            return first
        letter = self.peek()
        self.at += 1
        if letter in HEX_LENGTHS:
            length = HEX_LENGTHS[letter]
            digits = self.peek(length)
            self.at += length
            return chr(int(digits, 16))
        return ESCAPES.get(letter, letter)

    def character_class(self) -> str:
        self.at += 1
        negated = self.peek() == "^"
        self.at += negated
        ranges = []
        while self.peek() != "]":
            first = last = self.character()
            if self.peek() == "-" and self.peek(2)[1:] != "]":
                self.at += 1
                last = self.character()
            ranges.append(f"{escaped(first)}-{escaped(last)}")
        self.at += 1
        return f"[{'^' * negated}{''.join(ranges)}]"


def escaped(character: str) -> str:
    return f"\\x{{{ord(character):x}}}"


def gbnf_to_lark(text: str, by_characters: bool) -> str:
    """A grammar in Lark's syntax.

    llguidance cuts a text into terminals, each as long as possible, before it parses: `"a"+ "ab"` has no text then. By
    characters each character is a terminal, and a text is one of the grammar exactly if GBNF says so. Otherwise rules
    without recursion are terminals, as llguidance's own converter has it, which is quicker.
    """
    rules = GbnfParser(text).parse()
    terminals = set() if by_characters else terminal_rules(rules)
    names = {name: lark_name(name, i, name in terminals) for i, name in enumerate(rules)}
    lines = [f"{names[name]}: {written(node, names, by_characters, True)}" for name, node in rules.items()]
    return "\n".join(lines) + "\n"


def lark_name(name: str, index: int, is_terminal: bool) -> str:
    if name == "root" and not is_terminal:
        return "start"
    plain = re.sub(r"[^a-z0-9]", "_", name.lower())
    return f"T{index}_{plain}".upper() if is_terminal else f"r{index}_{plain}"


def terminal_rules(rules: dict[str, tuple]) -> set[str]:
    found: set[str] = set()
    while True:
        more = {name for name, node in rules.items() if name != "root" and is_terminal(node, found)}
        if more == found:
            return found
        found = more


def is_terminal(node: tuple, terminals: set[str]) -> bool:
    kind, value = node[:2]
    if kind in ("seq", "any"):
        return all(is_terminal(item, terminals) for item in value)
    if kind == "repeat":
        return is_terminal(value, terminals)
    return kind != "name" or value in terminals


def written(node: tuple, names: dict[str, str], by_characters: bool, is_outer: bool = False) -> str:
    kind, value = node[:2]
    if kind == "text":
        regex = [f"/{escaped(character)}/" for character in value]
        if not regex:
            return '""'
        if not by_characters:
            return "/" + "".join(escaped(character) for character in value) + "/"
        return regex[0] if len(regex) == 1 else f"({' '.join(regex)})"
    if kind == "set":
        return f"/{value}/"
    if kind == "name":
        return names[value]
    if kind == "repeat":
        least, most = node[2:]
        return f"({written(value, names, by_characters)}){{{least},{'' if most is None else most}}}"
    separator = " " if kind == "seq" else " | "
    text = separator.join(written(item, names, by_characters) for item in value) or '""'
    return text if is_outer else f"({text})"


SPACE = r"\x{9}-\x{d}\x{20}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}"
CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": SPACE}


def regex_to_lark(pattern: str) -> str:
    return f"start: REGEX\nREGEX: /{javascript_to_rust(pattern)}/\n"


def javascript_to_rust(pattern: str) -> str:
    """JavaScript's classes are of ASCII, and its dot leaves out four ends of lines."""
    parts = []
    depth = 0
    i = 0
    while i < len(pattern):
        two = pattern[i : i + 2]
        if pattern.startswith("[^]", i):
            parts.append("(?s:.)")
            i += 3
        elif two[0] == "\\" and two[1] in CLASSES:
            parts.append(CLASSES[two[1]] if depth else f"[{CLASSES[two[1]]}]")
            i += 2
        elif two[0] == "\\" and two[1] == "u":
            parts.append(f"\\x{{{pattern[i + 2 : i + 6]}}}")
            i += 6
        elif two[0] == "\\":
            parts.append("\\x{2f}" if two[1] == "/" else two)
            i += 2
        elif two[0] == "." and not depth:
            parts.append("[^\\n\\r\\x{2028}\\x{2029}]")
            i += 1
        else:
            depth += (two[0] == "[") - (two[0] == "]")
            # Rust's classes may nest and intersect.
            parts.append(re.sub(r"[&~]", lambda it: escaped(it.group()), two[0]) if depth else two[0])
            i += 1
    return "".join(parts).replace("/", "\\x{2f}")


def choice_to_lark(choice: list[str]) -> str:
    texts = ("".join(escaped(character) for character in text) for text in choice)
    return f"start: CHOICE\nCHOICE: /({'|'.join(texts)})/\n"
