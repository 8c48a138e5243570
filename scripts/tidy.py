#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over our sources, and only over those whose inputs changed.

A file's inputs are its text, its own project headers (as ninja recorded them in the last build),
.clang-tidy and the version of clang-tidy. A clean result is stamped under BUILD/tidy, so a second
run costs about a second. Build BUILD first: without ninja's records a file counts as changed.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import shlex
import subprocess
import sys
import time


def project_headers(build: pathlib.Path, root: pathlib.Path) -> dict[str, list[str]]:
    """Maps each object file (as ninja names it) to the project files that it was built from."""
    listing = subprocess.run(
        ["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=False
    ).stdout
    headers: dict[str, list[str]] = {}
    current: list[str] = []
    for line in listing.splitlines():
        if line and not line.startswith(" ") and ":" in line:
            current = headers.setdefault(line.split(":", 1)[0], [])
        elif line.strip():
            path = (build / line.strip()).resolve()
            if path.is_relative_to(root):
                current.append(str(path))
    return headers


def stamp_key(source: str, headers: list[str] | None, salt: bytes) -> str | None:
    """Hash of all inputs of one check, or None when they are not known."""
    if headers is None:
        return None
    digest = hashlib.sha256(salt)
    for path in sorted({source, *headers}):
        file = pathlib.Path(path)
        if not file.exists():
            return None
        digest.update(path.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


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
    outputs = {}
    for command in commands:
        source = pathlib.Path(command["file"]).resolve()
        if source.is_relative_to(root) and not source.is_relative_to(root / "build"):
            outputs.setdefault(str(source), object_of(command["command"]))

    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    salt = version + b"".join(
        (root / folder / ".clang-tidy").read_bytes() for folder in (".", "tests")
    )
    headers = project_headers(build, root)
    stamps = build / "tidy"
    stamps.mkdir(exist_ok=True)
    keys = {source: stamp_key(source, headers.get(output), salt)
            for source, output in outputs.items()}
    todo = sorted(s for s, key in keys.items() if key is None or not (stamps / key).exists())
    print(f"clang-tidy: {len(outputs)} files, {len(todo)} to check", flush=True)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=arguments.jobs) as pool:
        for source, code, text, seconds in pool.map(lambda s: check(build, s), todo):
            if arguments.times:
                print(f"{seconds:6.1f} s  {pathlib.Path(source).relative_to(root)}", flush=True)
            if code != 0:
                failed += 1
                print(text, flush=True)
            elif keys[source] is not None:
                (stamps / keys[source]).touch()
    if failed:
        print(f"clang-tidy: {failed} files have findings", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
