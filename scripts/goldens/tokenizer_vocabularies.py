"""Writes tests/fixtures/tokenizers: small vocabularies in GGUF files, and the ids that texts have in the libraries they
come from, Google's sentencepiece and Hugging Face's tokenizers."""

import io
import json
from pathlib import Path

import gguf
import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

TARGET = Path(__file__).parents[2] / "tests" / "fixtures" / "tokenizers"

# Enough of several scripts for a few merges; written for this script.
CORPUS = """
The river runs past the old mill and down to the sea. In the morning the miller opens the door and looks at the water.
There was once a small house at the end of the road, and in the house there lived a girl who counted the stars.
"How many are there?" asked her brother. "More than I can count," she said, "but I've only just begun."
When the rain came the children STAYED inside, and they'll tell each other stories about the things they'd seen.
HELLO World, HelloWorld, helloWorld! It's 12 boats, 345 birds and 1234567 fish: that's 3.14 or 2,718 each.
Der Fluß fließt an der alten Mühle vorbei; die Müllerin öffnet früh die Tür, täglich, natürlich für alle.
Ποταμός κυλά δίπλα στον παλιό μύλο. Река течёт мимо старой мельницы, и мельник открывает дверь утром.
川は古い水車小屋を過ぎて海へ流れる。朝、粉屋は戸を開けて水を見る。河流经过老磨坊，流向大海。早上磨坊主打开门看水。
강은 오래된 방앗간을 지나 바다로 흐른다. नदी पुरानी चक्की के पास से बहती है। النهر يجري بجانب الطاحونة القديمة.
if (x <= y) {\n    return x + y; // sum\n}\n\n\nfor i in range(10):\n\tprint(i, "text/plain", 'path/to/file')\n
\ufeffusing System;\n\ufeffusing Text; using the river, using the mill; aaaa aaa aa bbbb abab ababab abba aaaaaaa\n
\u0661\u0662\u0663 \u0661\u0662\u0663 \u00b2\u00b3 \u00b2\u00b3 \u00bd\u00bd \u00bd\u00bd x\u0085\u0085y a\u0085\u0085b,\u0085\u0085; 1\u0085\u0085d x\ufeff\ufeffy a\ufeff\ufeffb,\ufeff\ufeff; 1\ufeff\ufeffd
""".strip()

TEXTS = [
    "",
    " ",
    "  ",
    "a",
    "The river runs past the old mill.",
    " The river",
    "  two  spaces\n\nand\ttabs   end  ",
    "\n",
    "\n\n\n\nfour lines\r\n\r\nof two\n \n  \n",
    "it's they'll I'd we're don't IT'S THEY'LL I'D WE'VE 'Tis ''s '\u017f",
    "numbers 12 345 6,789 3.14 1234567 12345678901 \u0661\u0662\u0663 \u00bd \u00b2\u00b3 \u2167",
    "HELLO World HelloWorld helloWORLDs hELLO \u01c5ungla \u00c9T\u00c9 \u00e9t\u00e9",
    "der Flu\u00df flie\u00dft \u00fcber caf\u00e9 na\u00efve M\u00dcHLE m\u00fchle",
    "\u03a0\u03bf\u03c4\u03b1\u03bc\u03cc\u03c2 \u0420\u0435\u043a\u0430 \u0442\u0435\u0447\u0451\u0442",
    "\u5ddd\u306f\u53e4\u3044\u6c34\u8eca\u5c0f\u5c4b\u3002\u6cb3\u6d41\u7ecf\u8fc7\u8001\u78e8\u574a\uff0c12\u6761 \uac15\uc740 \ubc14\ub2e4\ub85c",
    "\u05e9\u05dc\u05d5\u05dd \u0627\u0644\u0646\u0647\u0631 \u064a\u062c\u0631\u064a \u0928\u0926\u0940 \u092a\u0941\u0930\u093e\u0928\u0940",
    "emoji \U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea\u2764\ufe0f",
    "e\u0301 combining a\u0308o\u0308 and \u00e9 composed x\u0301\u0302\u0303",
    "x\u0085\u0085y x\ufeff\ufeffy x\ufeff y",
    "a\u0000b\u0001 \u007f \u0085 \u00a0 \u2003 \u3000 \u200b \ufeff x",
    "\ufeffusing System; using \ufeff\ufeff",
    "if (x <= y) {\n    return x + y; // sum\n}\n\n\nfor i in range(10):\n\tprint(i)\n",
    "!!! ??? ... --- [x] {y} <z> a/b/c //\n/* */ \u00abq\u00bb \u201cq\u201d $5.00 ~|~ ^`",
    "aaaa aaa aaaaaaaaaaaaaaaaaaaaa abababababab abba bbbbb",
    "\u2581 \u2581\u2581x x\u2581y",
    "<0x0A> <0xff> <unk> is no token",
    "unknown: \u16a0\u16a1\u16a2 \u0b95\u0bcd x \U00010348\U00010348",
    "the " * 40 + "end",
]

# Original regular expressions, as the models' tokenizer.json have them.
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
QWEN35 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
GPT4O = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEPSEEK_V3 = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SEED_CODER = (
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\r\n]+|\\s*[\r\n]+"
    "|\\s+(?!\\S)|\\s+"
)


def split(pattern: str) -> pre_tokenizers.Split:
    return pre_tokenizers.Split(Regex(pattern), "isolated")


PRE_TOKENIZERS = {
    "gpt-2": [split(GPT2)],
    "smollm": [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)],
    "llama-bpe": [split(LLAMA3)],
    "dbrx": [split(LLAMA3)],
    "qwen2": [split(QWEN2)],
    "qwen35": [split(QWEN35)],
    "gpt-4o": [split(GPT4O)],
    "tekken": [split(TEKKEN)],
    "deepseek-coder": [
        split("[\r\n]"),
        split(r"\s?\p{L}+"),
        split(r"\s?\p{P}+"),
        split("[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"),
        pre_tokenizers.Digits(individual_digits=True),
    ],
    "deepseek-v3": [split(r"\p{N}{1,3}"), split("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"), split(DEEPSEEK_V3)],
    "seed-coder": [split(SEED_CODER)],
}
IGNORE_MERGES = {"llama-bpe", "tekken"}

CONTROL = ["<|begin|>", "<|im_end|>"]
USER_DEFINED = ["<mask>", "  "]


def byte_level(merges_dropped: int) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Trained on whole lines, so that wherever a text is cut differently, ids differ. Some words lose their merges: they
    are found only by what ignores merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=900, initial_alphabet=alphabet, special_tokens=CONTROL, show_progress=False
    )
    # A word a line as well, for tokens that are a whole word.
    lines = [*(f"{line}\n" for line in CORPUS.split("\n")), *(f" {word}" for word in CORPUS.split())]
    tokenizer.train_from_iterator(lines, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    merges = [tuple(merge) for merge in model["merges"]]
    # A token that others are made of stays reachable.
    halves = {half for merge in merges for half in merge}
    last = [merge for merge in merges if "".join(merge) not in halves and "".join(merge).startswith("\u0120")]
    dropped = set(last[:merges_dropped])
    return model["vocab"], [merge for merge in merges if merge not in dropped]


def write_byte_level() -> None:
    vocab, merges = byte_level(merges_dropped=12)
    for token in USER_DEFINED:
        vocab.setdefault(token, len(vocab))
    tokens = sorted(vocab, key=vocab.get)
    own = dict.fromkeys(CONTROL, gguf.TokenType.CONTROL) | dict.fromkeys(USER_DEFINED, gguf.TokenType.USER_DEFINED)
    types = [own.get(token, gguf.TokenType.NORMAL) for token in tokens]
    # Padding, as convert_hf_to_gguf.py fills a vocabulary up to the size of the embedding.
    tokens += ["[PAD1]", "[PAD2]"]
    types += [gguf.TokenType.UNUSED] * 2
    writer = vocabulary_file("byte-level", "gpt2", tokens, types)
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_merges([" ".join(merge) for merge in merges])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    write(writer)
    words = [f" {token[1:]}" for token in tokens if token.startswith("\u0120the")]
    texts = [*TEXTS, "one<|im_end|>two<mask>  three<|begin|>", *words]
    goldens = {"texts": texts, "ids": {}}
    for name, steps in PRE_TOKENIZERS.items():
        tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=name in IGNORE_MERGES))
        tokenizer.add_special_tokens(CONTROL)
        tokenizer.add_tokens(USER_DEFINED)
        byte_level_step = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        is_whole = isinstance(steps[-1], pre_tokenizers.ByteLevel)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps if is_whole else [*steps, byte_level_step])
        tokenizer.decoder = decoders.ByteLevel()
        goldens["ids"][name] = [tokenizer.encode(text).ids for text in texts]
    (TARGET / "byte-level.json").write_text(json.dumps(goldens) + "\n")


def marked_vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """A vocabulary as Hugging Face has SentencePiece's: bytes, U+2581 for a space, merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    byte_tokens = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=800, special_tokens=["<unk>", "<s>", "</s>", *byte_tokens], show_progress=False
    )
    tokenizer.train_from_iterator([line for line in CORPUS.split("\n")], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [tuple(merge) for merge in model["merges"]]


def unigrams() -> list[tuple[str, float]]:
    """SentencePiece's other kind of model, with a token for each byte."""
    written = io.BytesIO()
    options = COMMON | dict(model_type="unigram", vocab_size=420, character_coverage=0.98, hard_vocab_limit=False)
    lines = [line for line in CORPUS.split("\n") if line] * 3
    spm.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=written, **options)
    processor = spm.SentencePieceProcessor(model_proto=written.getvalue())
    pieces = [(processor.id_to_piece(i), round(processor.get_score(i), 4)) for i in range(processor.get_piece_size())]
    return [*pieces[:3], *((f"<0x{byte:02X}>", -20.0) for byte in range(256)), *pieces[3:]]


def tokenizer_jsons(marked: models.BPE, byte_level: models.BPE, unigram: models.Unigram) -> dict[str, tuple[str, Tokenizer]]:
    """Tokenizers as families of models have them, each with the name of its vocabulary."""
    replace = normalizers.Replace(" ", "\u2581")
    bos = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    marks = [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    stripped = decoders.Sequence([*marks, decoders.Strip(" ", 1, 0)])
    special = [AddedToken(token, normalized=False, special=True) for token in ("<unk>", "<s>", "</s>")]
    runs = [AddedToken(token, normalized=False, special=False) for token in ("\n\n", "\u2581\u2581", "<b>")]
    split_gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    first = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    strips = [
        AddedToken("<b>", rstrip=True, normalized=False, special=True),
        AddedToken("<i>", lstrip=True, normalized=True, special=False),
    ]
    words = [AddedToken(token, single_word=True, normalized=False, special=False) for token in ("ill", "two")]

    def build(model, normalizer, pre_tokenizer, post_processor, decoder, added) -> Tokenizer:
        tokenizer = Tokenizer(model)
        tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = pre_tokenizer
        tokenizer.post_processor = post_processor
        tokenizer.decoder = decoder
        tokenizer.add_tokens(added)
        return tokenizer

    def of_marks(normalizer, pre_tokenizer, decoder, added=()) -> tuple[str, Tokenizer]:
        return "marked", build(marked, normalizer, pre_tokenizer, bos, decoder, [*special, *added])

    def of_bytes(normalizer, steps) -> tuple[str, Tokenizer]:
        added = [AddedToken(token, normalized=False, special=True) for token in CONTROL]
        pre_tokenizer = pre_tokenizers.Sequence(steps)
        return "byte-level", build(byte_level, normalizer, pre_tokenizer, None, decoders.ByteLevel(), added)

    return {
        "llama, older": of_marks(normalizers.Sequence([normalizers.Prepend("\u2581"), replace]), None, stripped),
        "llama": of_marks(None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False), stripped),
        "metaspace": of_marks(None, pre_tokenizers.Metaspace(prepend_scheme="always", split=True), stripped),
        "gemma": of_marks(replace, pre_tokenizers.Split(" ", "merged_with_previous"), decoders.Sequence(marks), runs),
        "merged with previous": of_marks(
            normalizers.Replace("\u2581", " "), pre_tokenizers.Split("e", "merged_with_previous"), stripped
        ),
        "merged with next": of_marks(replace, pre_tokenizers.Split("\u2581", "merged_with_next"), stripped),
        "qwen": of_bytes(normalizers.NFC(), [split(QWEN2), plain_bytes]),
        "gpt-2": of_bytes(None, [split_gpt2]),
        "smollm": of_bytes(None, [pre_tokenizers.Digits(individual_digits=True), split_gpt2]),
        "digits": of_bytes(None, [pre_tokenizers.Digits(individual_digits=False), plain_bytes]),
        "punctuation": of_bytes(None, [pre_tokenizers.Punctuation("isolated"), plain_bytes]),
        "punctuation, runs": of_bytes(None, [pre_tokenizers.Punctuation("contiguous"), plain_bytes]),
        "words": of_bytes(None, [pre_tokenizers.Whitespace(), plain_bytes]),
        "inverted": of_bytes(None, [pre_tokenizers.Split(Regex(r"\p{L}+|\s+"), "isolated", invert=True), plain_bytes]),
        "a space before a text": of_marks(None, pre_tokenizers.Sequence([split(r"\p{N}"), first]), stripped),
        "single words": of_marks(None, first, stripped, words),
        "white space beside a token": of_marks(replace, None, stripped, strips),
        "a space before bytes": of_bytes(None, [pre_tokenizers.ByteLevel(add_prefix_space=True)]),
        "white space": of_bytes(None, [pre_tokenizers.WhitespaceSplit(), plain_bytes]),
        "words of BERT": of_bytes(None, [pre_tokenizers.BertPreTokenizer(), plain_bytes]),
        "of one length": of_bytes(None, [pre_tokenizers.FixedLength(3), plain_bytes]),
        "a text, removed": of_bytes(None, [pre_tokenizers.Split("the", "removed"), plain_bytes]),
        "a dollar": of_bytes(normalizers.Replace("the", "$&$"), [plain_bytes]),
        "unigrams": ("unigram", build(unigram, None, first, bos, stripped, special)),
        "inverted, removed": of_bytes(None, [pre_tokenizers.Split(Regex(LLAMA3), "removed", invert=True), plain_bytes]),
    }


def write_tokenizer_jsons() -> None:
    vocab, merges = marked_vocabulary()
    marked = models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    byte_vocab, byte_merges = byte_level(merges_dropped=0)
    beside = "x <b> \n\u0085\u3000y<b>\ufeff z \u0085 <i> x\ufeff<i>y <b> <i> <b>\n"
    texts = [*TEXTS, "one</s>two <s> three<b>four\n\n\n<unk>  five", beside]
    cases = []
    bytes_model = models.BPE(vocab=byte_vocab, merges=byte_merges)
    pieces = unigrams()
    unigram = models.Unigram(pieces, unk_id=0, byte_fallback=True)
    for name, (vocabulary, tokenizer) in tokenizer_jsons(marked, bytes_model, unigram).items():
        content = json.loads(tokenizer.to_str())
        for field in ("vocab", "merges"):
            content["model"].pop(field, None)
        ids = [tokenizer.encode(text).ids for text in texts]
        # Bytes are bytes; where a space is a mark, families differ in what they make of it.
        decoded = [tokenizer.decode(each, skip_special_tokens=False) for each in ids] if vocabulary != "byte-level" else []
        cases.append(dict(name=name, vocabulary=vocabulary, json=content, ids=ids, decoded=decoded))
    vocabularies = {
        "marked": dict(vocab=vocab, merges=[" ".join(merge) for merge in merges]),
        "byte-level": dict(vocab=byte_vocab, merges=[" ".join(merge) for merge in byte_merges]),
        "unigram": dict(vocab=pieces),
    }
    content = json.dumps(dict(texts=texts, vocabularies=vocabularies, cases=cases), ensure_ascii=False)
    (TARGET / "tokenizer-jsons.json").write_text(content + "\n")


# What SentencePiece is trained with: Llama's way, Gemma's, and one without bytes.
COMMON = dict(
    model_type="bpe",
    normalization_rule_name="identity",
    remove_extra_whitespaces=False,
    split_digits=True,
    allow_whitespace_only_pieces=True,
    unk_surface="<unk>",
    num_threads=1,
    minloglevel=2,
)
SENTENCEPIECES = {
    "llama": dict(vocab_size=700, byte_fallback=True, character_coverage=0.98),
    "gemma": dict(
        vocab_size=800,
        byte_fallback=True,
        character_coverage=0.98,
        add_dummy_prefix=False,
        split_by_whitespace=False,
        pad_id=0,
        eos_id=1,
        bos_id=2,
        unk_id=3,
        control_symbols=["<start_of_turn>", "<end_of_turn>"],
        user_defined_symbols=["\n", "\n\n", "\n\n\n", "\u2581\u2581", "\u2581\u2581\u2581", "<mask>", "<b>"],
    ),
    "no-bytes": dict(vocab_size=400, character_coverage=0.98),
}
TYPES = {
    1: gguf.TokenType.NORMAL,
    2: gguf.TokenType.UNKNOWN,
    3: gguf.TokenType.CONTROL,
    4: gguf.TokenType.USER_DEFINED,
    5: gguf.TokenType.UNUSED,
    6: gguf.TokenType.BYTE,
}
# Texts with tokens that SentencePiece finds itself, where nothing is put in front of a text.
WHOLE = ["<mask>", "a<mask>b <mask> c", "\n\n\n\n\n<b>bold<b>\n\n    four   three", "<ma <mask>> <<b>"]


def train(name: str) -> spm.SentencePieceProcessor:
    written = io.BytesIO()
    lines = [line for line in CORPUS.split("\n") if line] * 3
    options = COMMON | SENTENCEPIECES[name]
    spm.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=written, **options)
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(written.getvalue())
    if name == "llama":
        spoil(proto)
    if name == "no-bytes":
        for piece in [piece for piece in proto.pieces if piece.type == 1 and len(piece.piece) > 1][5::3]:
            piece.type = 5
    return spm.SentencePieceProcessor(model_proto=proto.SerializeToString())


def spoil(proto: sentencepiece_model_pb2.ModelProto) -> None:
    """What a list of merges could not tell: pieces of one score, letters that are no piece by themselves."""
    normal = [piece for piece in proto.pieces if piece.type == 1 and len(piece.piece) > 1]
    for piece in normal[10::9]:
        piece.score = normal[10].score
    for piece in [piece for piece in proto.pieces if piece.type == 1 and piece.piece in "mwyK"]:
        proto.pieces.remove(piece)


def write_sentencepiece(name: str) -> None:
    processor = train(name)
    ids = range(processor.get_piece_size())
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(processor.serialized_model_proto())
    types = [TYPES[piece.type] for piece in proto.pieces]
    # As convert_hf_to_gguf.py writes them: what a text may contain as it is, is written as it is.
    pieces = [piece.piece for piece in proto.pieces]
    is_own = [kind == gguf.TokenType.USER_DEFINED for kind in types]
    tokens = [piece.replace("\u2581", " ") if own else piece for piece, own in zip(pieces, is_own)]
    writer = vocabulary_file(name, "llama", tokens, types)
    writer.add_token_scores([processor.get_score(i) for i in ids])
    writer.add_add_space_prefix(proto.normalizer_spec.add_dummy_prefix)
    writer.add_bos_token_id(processor.bos_id())
    writer.add_eos_token_id(processor.eos_id())
    writer.add_unk_token_id(processor.unk_id())
    write(writer)
    texts = TEXTS + (WHOLE if name == "gemma" else [])
    # A token that stands for no text is found in a text by llama.cpp, not by SentencePiece.
    encoded = [(text, processor.encode(text)) for text in texts if "<unk>" not in text]
    encode = [dict(text=text, ids=ids, decoded=processor.decode(ids)) for text, ids in encoded]
    (TARGET / f"{name}.json").write_text(json.dumps({"encode": encode}) + "\n")


def vocabulary_file(name: str, model: str, tokens: list[str], types: list[gguf.TokenType]) -> gguf.GGUFWriter:
    writer = gguf.GGUFWriter(TARGET / f"{name}.gguf", "llama")
    # llama.cpp wants to know the shape of a model that is not there.
    writer.add_context_length(64)
    writer.add_embedding_length(16)
    writer.add_block_count(1)
    writer.add_feed_forward_length(16)
    writer.add_head_count(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model(model)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    return writer


def write(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def main() -> None:
    TARGET.mkdir(exist_ok=True)
    write_byte_level()
    write_tokenizer_jsons()
    for name in SENTENCEPIECES:
        write_sentencepiece(name)


if __name__ == "__main__":
    main()
