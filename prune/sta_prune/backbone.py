# SPDX-License-Identifier: Apache-2.0
"""A general sparse sentence encoder, distilled from a dense one on plain text without labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy

from sta_prune.bert import EMBEDDINGS, Parameters, matrix_names
from sta_prune.candidates import candidate_name, train_candidates
from sta_prune.chains import Resources, StageResult
from sta_prune.checkpoint import read_model, write_model
from sta_prune.evaluation import Computing, predict
from sta_prune.masks import check_fits
from sta_prune.methods import Settings
from sta_prune.patterns import PatternRules
from sta_prune.retrieval import mean_cosine
from sta_prune.series import Candidate, Manifest, kept_share
from sta_prune.stage import ENCODER_DISTILLATION
from sta_prune.tokens import TokenizedExamples, load_tokenizer, tokenize

# One line of this share of the text is kept for measuring.
HELD_BACK_EVERY = 100
MOST_HELD_BACK = 1000
# What series.json says of the scores: 100 x the mean cosine to the dense embeddings.
TASK, METRIC, SPLIT = "embedding", "cosine", "held back"


def read_lines(paths: Sequence[Path]) -> list[str]:
    """Distinct lines that are not empty, in their order."""
    lines: dict[str, None] = {}
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                lines.setdefault(line.strip())
    return list(lines)


def split_text(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """(to train on, held back)."""
    held = [line for i, line in enumerate(lines) if i % HELD_BACK_EVERY == HELD_BACK_EVERY - 1]
    held = held[:MOST_HELD_BACK]
    chosen = set(held)
    return [line for line in lines if line not in chosen], held


def run_backbone(
    model_directory: Path,
    texts: Sequence[Path],
    patterns: Sequence[PatternRules],
    out: Path,
    *,
    settings: Settings,
    method: str,
    seed: int,
    resources: Resources,
    tell: Callable[[str], None] = print,
) -> dict[str, float] | None:
    """Writes OUT/PATTERN for every pattern, and OUT/series.json; the mean cosine to the dense embeddings of held-back
    lines by candidate, or None when told to stop. Raises ValueError where there is too little
    text."""
    model = read_model(model_directory)
    # The head of a checkpoint plays no part in embeddings.
    trained: Parameters = {
        name: value
        for name, value in model.parameters.items()
        if name in EMBEDDINGS or name.startswith(("encoder.", "embeddings.LayerNorm"))
    }
    if model.labels:
        raise ValueError(f"'{model_directory}' is a classifier, not a sentence encoder")
    for rules in patterns:
        rules.check(matrix_names(model.config))
        rules.check_packable()
    lines, held = split_text(read_lines(texts))
    if not held:
        raise ValueError(f"only {len(lines)} lines of text; {HELD_BACK_EVERY} are the least")
    tokenizer = load_tokenizer(model_directory, resources.shape.row_tokens)
    tokens, measured = tokenize(tokenizer, lines, None), tokenize(tokenizer, held, None)
    computing = Computing(resources.device, resources.dtype, resources.shape)

    def embeddings(parameters: Parameters, of: TokenizedExamples) -> numpy.ndarray:
        return predict(parameters, model.config, of, computing)[0]

    dense = embeddings(trained, measured)
    settings = replace(settings, distillation=ENCODER_DISTILLATION)
    found = {}
    of_itself = {"split": SPLIT, "accuracy": {METRIC: 100.0}}
    manifest = Manifest(out, TASK, model_directory, METRIC, dense=of_itself)

    def keep(rules: PatternRules, result: StageResult, suffix: str) -> None:
        for name in matrix_names(model.config):
            check_fits(result.parameters[name], rules.of(name), name)
        candidate = candidate_name(rules) + suffix
        write_model(out / candidate, model, result.parameters)
        found[candidate] = mean_cosine(dense, embeddings(result.parameters, measured))
        share = kept_share(result.parameters, model.config)
        scores = {METRIC: round(100 * found[candidate], 2)}
        manifest.add(
            Candidate(candidate, candidate, str(rules), share, result.steps_so_far,
                      round(result.seconds, 2), SPLIT, scores)
        )  # fmt: skip
        tell(f"{candidate}: mean cosine to dense {found[candidate]:.4f} ({len(held)} lines)")

    finished = train_candidates(
        model.config, tokens, patterns, {seed: trained}, out, keep,
        settings=settings, method=method, seed=seed, resources=resources,
    )  # fmt: skip
    return found if finished else None
