# SPDX-License-Identifier: Apache-2.0
"""N:M patterns and which weight matrix gets which: the same rules as `stactl convert --pattern`.

    rules = PatternRules.parse("2:8,*.layer.0.*=4:8,*.query.*=dense")
    rules.of("encoder.layer.0.intermediate.dense.weight")  # Pattern(4, 8)

Rules are separated by commas. A rule without a glob is for every matrix; in globs `*` stands for
any characters and `?` for one. Of several rules that match a matrix the last one counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# What the package format stores. Training knows no other bound than 1 <= n <= m.
PACKAGE_GROUPS = (4, 8, 16, 32)


@dataclass(frozen=True)
class Pattern:
    """At most n weights that are not zero in each group of m along the input dimension."""

    n: int
    m: int

    def __post_init__(self) -> None:
        if not 1 <= self.n <= self.m:
            raise ValueError(f"pattern {self.n}:{self.m}: n must be 1..m")

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Reads "2:8"; "dense" is 1:1."""
        if text == "dense":
            return DENSE
        match = re.fullmatch(r"(\d{1,4}):(\d{1,4})", text)
        if match is None:
            raise ValueError(f"pattern '{text}' is neither N:M, such as 2:8, nor 'dense'")
        return cls(int(match[1]), int(match[2]))

    @property
    def is_dense(self) -> bool:
        return self.n == self.m

    @property
    def density(self) -> float:
        return self.n / self.m

    def kept_in(self, columns: int) -> int:
        """Weights that a row of `columns` keeps; a last partial group of r keeps min(n, r)."""
        return columns // self.m * self.n + min(columns % self.m, self.n)

    def nests_in(self, inherited: Pattern) -> bool:
        """Whether every mask of `inherited` has places for exactly n of m: 2:8 in 4:8, 1:16 in 2:8;
        not 1:4 in 2:8, whose halves may be empty."""
        if self.m % inherited.m == 0:
            return inherited.n * (self.m // inherited.m) >= self.n
        if inherited.m % self.m == 0:
            return inherited.n - (inherited.m - self.m) >= self.n
        return inherited.is_dense

    def __str__(self) -> str:
        return "dense" if self.is_dense else f"{self.n}:{self.m}"


DENSE = Pattern(1, 1)


def _glob_matches(glob: str, name: str) -> bool:
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in glob)
    return re.fullmatch("".join(parts), name, re.DOTALL) is not None


@dataclass(frozen=True)
class PatternRules:
    """An ordered list of (glob, pattern)."""

    rules: tuple[tuple[str, Pattern], ...]

    @classmethod
    def parse(cls, text: str) -> PatternRules:
        """Raises ValueError that names the malformed rule."""
        rules = []
        for rule in text.split(","):
            glob, equals, pattern = rule.rpartition("=")
            if equals and not glob:
                raise ValueError(f"pattern rule '{rule}' has an empty glob")
            try:
                rules.append((glob if equals else "*", Pattern.parse(pattern)))
            except ValueError as error:
                raise ValueError(f"pattern rule '{rule}': {error}") from None
        return cls(tuple(rules))

    def check(self, matrices: Iterable[str]) -> None:
        """Every matrix needs a rule, and every rule a matrix; else ValueError."""
        names = list(matrices)
        for glob, _ in self.rules:
            if not any(_glob_matches(glob, name) for name in names):
                example = names[0] if names else ""
                raise ValueError(f"glob '{glob}' matches no matrix; one of them is '{example}'")
        for name in names:
            if not any(_glob_matches(glob, name) for glob, _ in self.rules):
                raise ValueError(f"matrix '{name}' has no pattern; begin the list with one for all")

    def of(self, matrix: str) -> Pattern:
        """The pattern of a matrix by its name; dense where no rule matches."""
        found = DENSE
        for glob, pattern in self.rules:
            if _glob_matches(glob, matrix):
                found = pattern
        return found

    def check_packable(self) -> None:
        """Raises ValueError where the package format has no such pattern."""
        for _, pattern in self.rules:
            if not pattern.is_dense and pattern.m not in PACKAGE_GROUPS:
                raise ValueError(f"pattern {pattern}: packages know m of {PACKAGE_GROUPS} only")

    def __str__(self) -> str:
        return ",".join(
            str(pattern) if glob == "*" else f"{glob}={pattern}" for glob, pattern in self.rules
        )


def split_series(text: str) -> list[PatternRules]:
    """Reads the patterns of a series: "4:8,2:8,1:8" is three candidates.

    Where a candidate has rules by matrix, candidates are separated by semicolons:
    "4:8;2:8,*.layer.5.*=4:8".
    """
    pieces = text.split(";") if ";" in text or "=" in text else text.split(",")
    return [PatternRules.parse(piece.strip()) for piece in pieces]
