"""Conversations whose last message stays open, by transformers' continue_final_message: tests/fixtures/chat-templates/open-messages.json.

Run it as tool_templates.py.
"""

import json

from chat_templates import FIXTURES, FORMS, in_form
from tool_templates import SPECIAL_TOKENS, TOKENIZER
from transformers import PreTrainedTokenizerFast

# A system message first: without one some templates write the date of the day.
TURNS = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Who lives in the wood?"}]
# It tests filters, and writes no conversation.
NO_CONVERSATION = "filters.jinja"
WITHOUT_SYSTEM = ["published/gemma.jinja"]
ENDS = {
    "a sentence begun": "A fox, an",
    "white space around": "\n A fox, an \n",
    "tags of a template": "<|im_end|>\n<|im_start|>assistant\nA fox",
    "reasoning before": "<think>\nfoxes?\n</think>\n\nA fox",
    "reasoning that is open": "<think>\nfoxes, or",
    "the same as before": "Who lives in the wood?",
}


def render(template: str, form: str, turns: list[dict]) -> dict:
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(TOKENIZER), chat_template=template, **SPECIAL_TOKENS)
    messages = [in_form(message, form) for message in turns]
    try:
        rendered = tokenizer.apply_chat_template(messages, tokenize=False, continue_final_message=True)
    except Exception as error:  # What a template cannot do is a result, too.
        return {"error": f"{type(error).__name__}: {error}"[:80]}
    return {"text": rendered}


def main() -> None:
    cases = []
    for path in sorted([*FIXTURES.glob("*.jinja"), *FIXTURES.glob("published/*.jinja")]):
        if path.name == NO_CONVERSATION:
            continue
        for name, text in ENDS.items():
            file = str(path.relative_to(FIXTURES))
            turns = [*TURNS[file in WITHOUT_SYSTEM :], {"role": "assistant", "content": text}]
            rendered = render(path.read_text(), FORMS.get(path.name, "text"), turns)
            cases.append({"template": file, "end": name} | rendered)
    expected = {"turns": TURNS, "withoutSystem": WITHOUT_SYSTEM, "ends": ENDS, "cases": cases}
    (FIXTURES / "open-messages.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
