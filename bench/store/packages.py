# SPDX-License-Identifier: Apache-2.0
"""Packages made from another one: larger, or different in a few bytes."""

from __future__ import annotations

import hashlib
import json
import pathlib
import random
import shutil
import struct

_BLOCK_BYTES = 1 << 20
_SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))


def _read_header(file: pathlib.Path) -> tuple[dict, int]:
    """The header of a safetensors file and where its data begins."""
    with file.open("rb") as source:
        (length,) = struct.unpack("<Q", source.read(8))
        return json.loads(source.read(length)), 8 + length


def _sha256(file: pathlib.Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _update_manifest(package: pathlib.Path, names: list[str]) -> None:
    path = package / "manifest.json"
    manifest = json.loads(path.read_text())
    for name in names:
        file = package / name
        manifest["files"][name] = {"size_bytes": file.stat().st_size, "sha256": _sha256(file)}
    path.write_text(json.dumps(manifest, indent=1))


def size_bytes(package: pathlib.Path) -> int:
    return sum(file.stat().st_size for file in package.iterdir())


def make_variant(source: pathlib.Path, package: pathlib.Path, number: int) -> None:
    """`source` with another encoder: one bias is `number`. Its other files are the same."""
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(source, package)
    file = package / "encoder.safetensors"
    header, data = _read_header(file)
    begin = header["embeddings.LayerNorm.bias"]["data_offsets"][0]
    with file.open("r+b") as output:
        output.seek(data + begin)
        output.write(struct.pack("<h", number))
    _update_manifest(package, [file.name])


def make_large(source: pathlib.Path, package: pathlib.Path, wanted_bytes: int) -> None:
    """`source` with rows added to its word table until it has `wanted_bytes`; kept if it is there."""
    if package.exists():
        return
    partial = package.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial)
    config_path = partial / "config.json"
    config = json.loads(config_path.read_text())
    section = config["sta"]
    hidden = section["hidden_size"]
    rows = section["vocabulary_size"] + (wanted_bytes - size_bytes(source)) // (hidden + 2)
    section["vocabulary_size"] = rows
    config_path.write_text(json.dumps(config, indent=1))
    _write_large_tables(source / "embeddings.safetensors", partial / "embeddings.safetensors", rows)
    _update_manifest(partial, ["config.json", "embeddings.safetensors"])
    partial.rename(package)


def _write_large_tables(source: pathlib.Path, output: pathlib.Path, rows: int) -> None:
    """Random words after those of `source`, tensors in the order of the format."""
    header, data_offset = _read_header(source)
    header.pop("__metadata__", None)
    order = sorted(header, key=lambda name: header[name]["data_offsets"][0])
    old = {name: tuple(header[name]["data_offsets"]) for name in order}
    added = {}
    at = 0
    for name in order:
        begin, end = old[name]
        shape = header[name]["shape"]
        is_words = name in ("embeddings.word_embeddings.codes",
                            "embeddings.word_embeddings.multipliers")
        row_bytes = (end - begin) // shape[0]
        added[name] = (rows - shape[0]) * row_bytes if is_words else 0
        if is_words:
            shape[0] = rows
        header[name]["data_offsets"] = [at, at + end - begin + added[name]]
        at += end - begin + added[name]
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    generator = random.Random(1)
    with source.open("rb") as tables, output.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in order:
            begin, end = old[name]
            tables.seek(data_offset + begin)
            file.write(tables.read(end - begin))
            # Codes are -127..127 and multipliers not negative, so no byte is 0x80 or more.
            for left in range(added[name], 0, -_BLOCK_BYTES):
                block = generator.randbytes(min(left, _BLOCK_BYTES))
                file.write(block.translate(_SEVEN_BITS))
