#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over our sources, and only over those whose inputs changed.

What is checked at a time is what the compiler takes at a time: in a unity build some files of one
target, whose headers are then read once. The static analyzer skips what a file includes, so those
files are put one after the other into one file instead. A unit's inputs are its sources, their
headers (as ninja recorded them in the last build), its compile command, .clang-tidy and the version
of clang-tidy; of the system's headers their sizes and times. Clean results are remembered in
${XDG_CACHE_HOME:-~/.cache}/sta/tidy for all checkouts of a machine, as ccache remembers objects, so
a second run costs about a second. Build BUILD first: without ninja's records a unit counts as
changed.

One check is our own: clang-tidy takes a using-declaration for used when any source of the unit uses
the name, so each source is searched for the names that it declares.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time


KEEP_DAYS = 30
INCLUDE = re.compile(r'^#include "(.*)"$', re.MULTILINE)
USING = re.compile(r"^\s*(?:using\s+(?:[\w:]*::)?(\w+)|namespace\s+(\w+)\s*=[^;]*);", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Unit:
    """What one call of the compiler takes."""

    file: pathlib.Path  # a source, or what CMake made to include some
    command: str
    sources: tuple[pathlib.Path, ...]
    config: pathlib.Path  # the .clang-tidy of the sources' folder


def config_of(source: pathlib.Path) -> pathlib.Path:
    """The nearest .clang-tidy above a source."""
    return next(p / ".clang-tidy" for p in source.parents if (p / ".clang-tidy").exists())


def read_units(build: pathlib.Path, root: pathlib.Path) -> list[Unit]:
    """The units with sources of ours, without those whose sources other units hold already."""
    units: list[Unit] = []
    seen: set[pathlib.Path] = set()
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = pathlib.Path(entry["file"]).resolve()
        names = [file]
        if file.parent.name == "Unity":
            names = [pathlib.Path(n).resolve() for n in INCLUDE.findall(file.read_text())]
        ours = tuple(
            n for n in names if n.is_relative_to(root) and not n.is_relative_to(root / "build")
        )
        if not set(ours) <= seen:
            seen.update(ours)
            configs = {config_of(source).resolve() for source in ours}
            if len(configs) > 1:
                sys.exit(f"tidy.py: {file} has sources with different lists of checks: {ours}")
            units.append(Unit(file, entry["command"], ours, configs.pop()))
    return units


def unused_names(source: pathlib.Path) -> list[str]:
    """Findings for what a using-declaration or namespace alias names and nothing else does."""
    text = source.read_text()
    findings = []
    for match in USING.finditer(text):
        name = match[match.lastindex]
        if len(re.findall(rf"\b{name}\b", text)) == 1:
            line = 1 + text.count("\n", 0, match.start(match.lastindex))
            findings.append(f"{source}:{line}: error: '{name}' is declared and not used")
    return findings


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
    unit: Unit, headers: list[pathlib.Path] | None, root: pathlib.Path, version: bytes
) -> str | None:
    """Hash of all inputs of one check, or None when they are not known."""
    if headers is None:
        return None
    digest = hashlib.sha256(version + unit.config.read_bytes())
    digest.update(pathlib.Path(__file__).read_bytes())
    digest.update(unit.command.replace(str(root), "").encode())  # the same in every checkout
    # What CMake made names the sources with their full paths: they stand in for it.
    for file in sorted({*unit.sources, *headers} - ({unit.file} - set(unit.sources))):
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


def join(units: list[Unit], folder: pathlib.Path) -> dict[Unit, pathlib.Path]:
    """Writes what clang-tidy is to read into a folder: a file a unit, and their commands."""
    folder.mkdir(exist_ok=True)
    files: dict[Unit, pathlib.Path] = {}
    commands = []
    for number, unit in enumerate(units):
        files[unit] = unit.file
        if unit.sources != (unit.file,):
            files[unit] = folder / f"unit_{number}.cc"
            files[unit].write_text("".join(source.read_text() for source in unit.sources))
        command = unit.command.replace(str(unit.file), str(files[unit]))
        commands.append({"directory": str(folder), "command": command, "file": str(files[unit])})
    (folder / "compile_commands.json").write_text(json.dumps(commands))
    return files


def in_sources(text: str, joined: pathlib.Path, unit: Unit) -> str:
    """Findings with the lines of a joined file changed to those of the sources in it."""
    if joined == unit.file:
        return text
    lines = [
        (source, number)
        for source in unit.sources
        for number in range(1, 1 + source.read_text().count("\n"))
    ]
    def place(match: re.Match[str]) -> str:
        source, number = lines[int(match[1]) - 1]
        return f"{source}:{number}:"
    return re.sub(rf"{re.escape(str(joined))}:(\d+):", place, text)


def check(unit: Unit, file: pathlib.Path, folder: pathlib.Path) -> tuple[Unit, str, float]:
    """The findings in a unit, empty if it is clean, and the seconds that this took."""
    start = time.monotonic()
    run = subprocess.run(
        ["clang-tidy", "--quiet", f"--config-file={unit.config}", "-p", str(folder), str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    findings = [name for source in unit.sources for name in unused_names(source)]
    if run.returncode != 0:
        findings.append(in_sources(run.stdout + run.stderr, file, unit))
    return unit, "\n".join(findings), time.monotonic() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/dev", help="build folder (default: build/dev)")
    parser.add_argument("--jobs", type=int, default=2, help="checks at a time (default: 2)")
    parser.add_argument("--times", action="store_true", help="print what each unit took")
    arguments = parser.parse_args()

    root = pathlib.Path(__file__).resolve().parent.parent
    build = (root / arguments.build).resolve()
    units = read_units(build, root)
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    headers = recorded_headers(build)
    cache = open_cache()
    todo: list[Unit] = []
    keys: dict[Unit, str | None] = {}
    for unit in units:
        key = keys[unit] = cache_key(unit, headers.get(object_of(unit.command)), root, version)
        if key is not None and (cache / key).exists():
            (cache / key).touch()
        else:
            todo.append(unit)
    sources = {source for unit in units for source in unit.sources}
    print(f"clang-tidy: {len(sources)} files in {len(units)} units, {len(todo)} to check", flush=True)

    failed = 0
    folder = build / "tidy"
    files = join(todo, folder)
    with concurrent.futures.ThreadPoolExecutor(max_workers=arguments.jobs) as pool:
        for unit, findings, seconds in pool.map(lambda u: check(u, files[u], folder), todo):
            if arguments.times:
                names = " ".join(str(source.relative_to(root)) for source in unit.sources)
                print(f"{seconds:6.1f} s  {names}", flush=True)
            if findings:
                failed += 1
                print(findings, flush=True)
            elif keys[unit] is not None:
                (cache / keys[unit]).touch()
    if failed:
        print(f"clang-tidy: {failed} units have findings", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
