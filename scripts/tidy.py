#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over our sources, and only over those whose inputs changed.

A file's inputs are its text, its project headers (as ninja recorded them in the last build), its
compile command, the sizes and times of the system's headers, .clang-tidy and the version of
clang-tidy. Clean results are remembered in ${XDG_CACHE_HOME:-~/.cache}/sta/tidy for all checkouts
of a machine, as ccache remembers objects, so a second run costs about a second. Build BUILD first:
without ninja's records a file counts as changed.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time


KEEP_DAYS = 30


def recorded_headers(build: pathlib.Path) -> dict[str, list[pathlib.Path]]:
    """Maps each object file (as ninja names it) to the files that it was built from."""
    listing = subprocess.run(
        ["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=False
    ).stdout
    headers: dict[str, list[pathlib.Path]] = {}
    current: list[pathlib.Path] = []
    for line in listing.splitlines():
        if line and not line.startswith(" ") and ":" in line:
            current = headers.setdefault(line.split(":", 1)[0], [])
        elif line.strip():
            current.append(pathlib.Path(os.path.normpath(build / line.strip())))
    return headers


@functools.cache
def fingerprint(file: pathlib.Path, root: pathlib.Path) -> bytes:
    """Of a project file its content, of the system's its size and time."""
    if not file.exists():
        return b"none"
    if file.is_relative_to(root):
        return str(file.relative_to(root)).encode() + hashlib.sha256(file.read_bytes()).digest()
    status = file.stat()
    return f"{file} {status.st_size} {status.st_mtime_ns}".encode()


def cache_key(
    source: str, command: str, headers: list[pathlib.Path] | None, root: pathlib.Path, salt: bytes
) -> str | None:
    """Hash of all inputs of one check, or None when they are not known."""
    if headers is None:
        return None
    # The same in every checkout.
    digest = hashlib.sha256(salt + command.replace(str(root), "").encode())
    for file in sorted({pathlib.Path(source), *headers}):
        digest.update(fingerprint(file, root) + b"\0")
    return digest.hexdigest()


def open_cache() -> pathlib.Path:
    """The folder of clean results, without those that nobody has asked for lately."""
    parent = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    cache = pathlib.Path(parent) / "sta" / "tidy"
    cache.mkdir(parents=True, exist_ok=True)
    oldest = time.time() - KEEP_DAYS * 24 * 3600
    for entry in cache.iterdir():
        if entry.stat().st_mtime < oldest:
            entry.unlink(missing_ok=True)
    return cache


def object_of(command: str) -> str:
    """The object file that a compile command makes, as ninja names it."""
    words = shlex.split(command)
    return words[words.index("-o") + 1]


def check(build: pathlib.Path, source: str) -> tuple[str, int, str, float]:
    start = time.monotonic()
    run = subprocess.run(
        ["clang-tidy", "--quiet", "-p", str(build), source],
        capture_output=True,
        text=True,
        check=False,
    )
    return source, run.returncode, run.stdout + run.stderr, time.monotonic() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/dev", help="build folder (default: build/dev)")
    parser.add_argument("--jobs", type=int, default=2, help="checks at a time (default: 2)")
    parser.add_argument("--times", action="store_true", help="print what each file took")
    arguments = parser.parse_args()

    root = pathlib.Path(__file__).resolve().parent.parent
    build = (root / arguments.build).resolve()
    commands = json.loads((build / "compile_commands.json").read_text())
    compiles: dict[str, str] = {}
    for command in commands:
        source = pathlib.Path(command["file"]).resolve()
        if source.is_relative_to(root) and not source.is_relative_to(root / "build"):
            compiles.setdefault(str(source), command["command"])

    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    salt = version + b"".join(
        (root / folder / ".clang-tidy").read_bytes() for folder in (".", "tests")
    )
    headers = recorded_headers(build)
    cache = open_cache()
    keys = {source: cache_key(source, command, headers.get(object_of(command)), root, salt)
            for source, command in compiles.items()}
    todo = []
    for source, key in sorted(keys.items()):
        if key is not None and (cache / key).exists():
            (cache / key).touch()
        else:
            todo.append(source)
    print(f"clang-tidy: {len(compiles)} files, {len(todo)} to check", flush=True)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=arguments.jobs) as pool:
        for source, code, text, seconds in pool.map(lambda s: check(build, s), todo):
            if arguments.times:
                print(f"{seconds:6.1f} s  {pathlib.Path(source).relative_to(root)}", flush=True)
            if code != 0:
                failed += 1
                print(text, flush=True)
            elif keys[source] is not None:
                (cache / keys[source]).touch()
    if failed:
        print(f"clang-tidy: {failed} files have findings", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
