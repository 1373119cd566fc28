"""Writes tests/fixtures/gguf/blocks: random blocks of each ggml format, and what PyPI's `gguf` makes of them."""

import json
from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize

FIXTURES = Path(__file__).parents[2] / "tests" / "fixtures" / "gguf"

# Where the float16 fields of a block lie.
HALVES = {
    "F16": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
    "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "F32": [], "BF16": [],
}  # fmt: skip
# Largest, smallest normal, subnormals, ones, zeros of both signs; NaN and infinity have no one bit pattern to agree on.
EXTREMES = [65504, -65504, 2**-14, -(2**-14), 2**-24, -(2**-24), 1023 * 2**-24, 1, -1, 0.0, -0.0, 1 / 3]
EXTREME_FLOATS = [3.4028235e38, -3.4028235e38, 1e-45, -1e-45, 1.1754944e-38, 0.0, -0.0, 1.0]


def random_blocks(name: str, num_blocks: int, random: np.random.Generator) -> np.ndarray:
    _, type_size = GGML_QUANT_SIZES[GGMLQuantizationType[name]]
    if name in ("F32", "BF16"):
        values = np.array(EXTREME_FLOATS + list(random.standard_normal(num_blocks - len(EXTREME_FLOATS))), np.float32)
        raw = values.view(np.uint32)
        return (raw if name == "F32" else (raw >> 16).astype(np.uint16)).view(np.uint8).reshape(num_blocks, type_size)
    blocks = random.integers(0, 256, (num_blocks, type_size), dtype=np.uint8)
    for field, offset in enumerate(HALVES[name]):
        halves = random.standard_normal(num_blocks).astype(np.float16)
        # Shifted against each other, so that a large scale meets a small minimum.
        halves[: len(EXTREMES)] = np.roll(np.array(EXTREMES, np.float16), 5 * field)
        blocks[:, offset : offset + 2] = halves.view(np.uint8).reshape(num_blocks, 2)
    return blocks


def main() -> None:
    random = np.random.default_rng(7)
    FIXTURES.mkdir(exist_ok=True)
    index, stored, expected = [], [], []
    for name in HALVES:
        quant_type = GGMLQuantizationType[name]
        num_blocks = 40 if GGML_QUANT_SIZES[quant_type][0] == 1 else 14
        blocks = random_blocks(name, num_blocks, random)
        values = dequantize(blocks, quant_type).astype("<f4").ravel()
        index.append(dict(name=name, type=int(quant_type), stored=blocks.size, values=values.size))
        stored.append(blocks.tobytes())
        expected.append(values.tobytes())
    (FIXTURES / "blocks.json").write_text(json.dumps(index, indent=2) + "\n")
    (FIXTURES / "blocks.bin").write_bytes(b"".join(stored))
    (FIXTURES / "blocks-expected.bin").write_bytes(b"".join(expected))


if __name__ == "__main__":
    main()
