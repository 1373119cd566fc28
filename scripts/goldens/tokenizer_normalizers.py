"""Writes tests/fixtures/tokenizers/normalizers.json: how `tokenizers` encodes texts behind each normalizer, and white space
and words behind pre-tokenizers, with the byte-level vocabulary of tokenizer-jsons.json."""

import json
import random
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

TARGET = Path(__file__).parents[2] / "tests" / "fixtures" / "tokenizers"

CHOSEN = [
    "ΟΔΥΣΣΕΥΣ ΑΣ. Σ ΑΣ' ΣΑΣΑ ΑΣ\u0301 ΑΣ2 ΑΣ-Α σςΣ",
    "\ufeffThe owl\ufeff and\u200bthe fox\ufeff",
    "\u0085 \u2028\u00a0two\u3000\u1680\u0085",
    "\ufeff \ufeff",
    "İstanbul ISPARTA ıI ẞß Ǆǅǆ ﬁ Ⅷ Åſ",
    "漢字かな 한국어 \U00020000\U0002a700 x",
    "a\u0000b\ufffdc\u0007d\te\rf\ng\u00adh\u202ei\ue000j\u180ek",
    "e\u0301 é ñ n\u0303 \u0345α",
    "word\u200djoined\u200cwords snake_case x\u203fy ٣٤ ½ a\u0301b",
]
POOL = [*"abXYZ  .,'!?012\n\t\r", *"ΣσςΑΟ", *"\ufeff\u00a0\u200b\u2028\u0085\u000b\u001c\u0000\u007f\u00ad\u3000\u180e\u200d"]
POOL += [*"\ufffd\u0301\u0345\u0307İıßẞǅﬁ漢한😀éÉⅧ①½٣\ue000\u2060ſᲐ\U00010400_▁", "ΣΑΣ", "ΑΣ.", "ΑΣ Α", "'s"]


def texts() -> list[str]:
    chance = random.Random(0)
    return CHOSEN + ["".join(chance.choices(POOL, k=chance.randint(1, 16))) for _ in range(60)]


def steps() -> dict:
    normal, plain = normalizers, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bert = normal.BertNormalizer
    return {
        "lower case": (normal.Lowercase(), plain),
        "lower case without accents": (normal.Sequence([normal.NFD(), normal.Lowercase(), normal.StripAccents()]), plain),
        "lower case behind NFKC": (normal.Sequence([normal.NFKC(), normal.Lowercase()]), plain),
        "stripped": (normal.Strip(), plain),
        "stripped at the start": (normal.Strip(left=True, right=False), plain),
        "stripped at the end": (normal.Strip(left=False, right=True), plain),
        "of BERT": (bert(), plain),
        "of BERT, with accents": (bert(strip_accents=False), plain),
        "of BERT, cased": (bert(lowercase=False), plain),
        "of BERT, cased without accents": (bert(lowercase=False, strip_accents=True), plain),
        "of BERT, not clean": (bert(clean_text=False), plain),
        "of BERT, Chinese as it is": (bert(handle_chinese_chars=False), plain),
        "white space replaced": (normal.Replace(Regex(r"\s+"), " "), plain),
        "NFKD": (normal.NFKD(), plain),
        "words": (None, pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), plain])),
        "words of BERT": (None, pre_tokenizers.Sequence([pre_tokenizers.BertPreTokenizer(), plain])),
    }


def main() -> None:
    vocabulary = json.loads((TARGET / "tokenizer-jsons.json").read_text())["vocabularies"]["byte-level"]
    merges = [tuple(merge.split(" ")) for merge in vocabulary["merges"]]
    cases = []
    for name, (normalizer, pre_tokenizer) in steps().items():
        tokenizer = Tokenizer(models.BPE(vocab=vocabulary["vocab"], merges=merges))
        if normalizer is not None:
            tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = pre_tokenizer
        tokenizer.decoder = decoders.ByteLevel()
        content = json.loads(tokenizer.to_str())
        for field in ("vocab", "merges"):
            content["model"].pop(field)
        ids = [tokenizer.encode(text).ids for text in texts()]
        cases.append(dict(name=name, vocabulary="byte-level", json=content, ids=ids))
    (TARGET / "normalizers.json").write_text(json.dumps(dict(texts=texts(), cases=cases)) + "\n")


if __name__ == "__main__":
    main()
