"""Writes tests/fixtures/pooling.json: texts as vectors, by sentence-transformers, for each way to pool.

Each model is tiny-gpt2 with the files that sentence-transformers saves beside it; one has a tokenizer that puts
end-of-text behind each text, as that of Qwen3-Embedding does. Needs sentence-transformers==6.2.0 beside the rest.
"""

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

FIXTURES = Path(__file__).parents[2] / "tests" / "fixtures"
MODES = ["mean", "cls", "lasttoken", "weightedmean", "max", "mean_sqrt_len_tokens"]
TEXTS = ["The river", "The old mill stands by the river, and über all 😀 the sea.", "a"]
NUM_DIMENSIONS = 5
# What sentence-transformers wrote until version 5.
OLD_NAMES = {mode: f"pooling_mode_{mode}" for mode in MODES} | {
    "mean": "pooling_mode_mean_tokens",
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
}
END_OF_TEXT = {
    "type": "TemplateProcessing",
    "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {"<|endoftext|>": {"id": "<|endoftext|>", "ids": [0], "tokens": ["<|endoftext|>"]}},
}


def golden(folder: Path, mode: str, post_processor: dict | None) -> dict:
    model_path = folder / "model"
    shutil.copytree(FIXTURES / "tiny-gpt2", model_path)
    tokenizer = json.loads((model_path / "tokenizer.json").read_text())
    if post_processor is not None:
        tokenizer["post_processor"] = post_processor
    (model_path / "tokenizer.json").write_text(json.dumps(tokenizer))
    transformer = Transformer(str(model_path))
    # Asked for, though texts that go one by one need no padding.
    transformer.tokenizer.pad_token = "<|endoftext|>"
    width = transformer.get_embedding_dimension()
    model = SentenceTransformer(modules=[transformer, Pooling(width, pooling_mode=mode), Normalize()], device="cpu")
    saved = folder / "saved"
    model.save_pretrained(str(saved))
    config = json.loads((saved / "1_Pooling" / "config.json").read_text())
    old = {"word_embedding_dimension": width} | {name: mode == one for one, name in OLD_NAMES.items()}

    def embed(**options: int) -> list[list[float]]:
        return [[round(v, 7) for v in model.encode(text, **options).tolist()] for text in TEXTS]

    cut = SentenceTransformer(modules=list(model), device="cpu", truncate_dim=NUM_DIMENSIONS)
    return dict(
        mode=mode,
        postProcessor=post_processor,
        modules=json.loads((saved / "modules.json").read_text()),
        config=config,
        oldConfig=old,
        numTokens=[len(transformer.tokenizer(text)["input_ids"]) for text in TEXTS],
        embeddings=embed(),
        cut=[[round(v, 7) for v in cut.encode(text, normalize_embeddings=True).tolist()] for text in TEXTS],
    )


def main() -> None:
    goldens = []
    for mode, post_processor in [*((mode, None) for mode in MODES), ("lasttoken", END_OF_TEXT)]:
        with TemporaryDirectory() as folder:
            goldens.append(golden(Path(folder), mode, post_processor))
    out = dict(texts=TEXTS, numDimensions=NUM_DIMENSIONS, goldens=goldens)
    (FIXTURES / "pooling.json").write_text(json.dumps(out) + "\n")


main()
