"""Cuts tests/fixtures/gguf/tiny-gpt2-q8_0.gguf into parts by PyPI's `gguf`, as llama-gguf-split cuts files: into
tests/fixtures/gguf/parts."""

from pathlib import Path

import gguf

FIXTURES = Path(__file__).parents[2] / "tests" / "fixtures" / "gguf"
TARGET = FIXTURES / "parts"
WRITTEN_ANYWAY = ("GGUF.version", "GGUF.tensor_count", "GGUF.kv_count", "general.architecture")


def cut(name: str, **how) -> None:
    reader = gguf.GGUFReader(FIXTURES / "tiny-gpt2-q8_0.gguf")
    writer = gguf.GGUFWriter(TARGET / f"{name}.gguf", "gpt2", **how)
    for field in reader.fields.values():
        if field.name not in WRITTEN_ANYWAY:
            element = field.types[1] if len(field.types) > 1 else None
            writer.add_key_value(field.name, field.contents(), field.types[0], element)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    TARGET.mkdir(exist_ok=True)
    # --no-tensor-first-split of llama-gguf-split.
    cut("empty-first", split_max_tensors=14, small_first_shard=True)
    cut("tensors-first", split_max_tensors=16)


if __name__ == "__main__":
    main()
