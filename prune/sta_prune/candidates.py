# SPDX-License-Identifier: Apache-2.0
"""Training of candidates: what a task's series and a sentence encoder's have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from sta_prune.bert import BertConfig, Parameters
from sta_prune.chains import Chain, Resources, StageResult, run_chains
from sta_prune.checkpoint import read_model
from sta_prune.methods import Settings, plans, quantized_stage
from sta_prune.packing import calibration_batches
from sta_prune.patterns import PatternRules
from sta_prune.tokens import TokenizedExamples

ROUNDED = "-rounded"  # behind the name of a candidate that was trained with rounding


def candidate_name(rules: PatternRules) -> str:
    """A file name: "2-8"; rules by matrix give "2-8-mixed"."""
    name = str(rules.rules[0][1]).replace(":", "-")
    return name if len(rules.rules) == 1 else f"{name}-mixed"


def _rounding_chains(
    patterns: Sequence[PatternRules],
    settings: Settings,
    seed: int,
    out: Path,
    names: Parameters,
) -> list[Chain]:
    """The last phases of the candidates written; names: of the parameters to go on with."""
    chains = []
    for rules in patterns:
        name = candidate_name(rules)
        start = {k: v for k, v in read_model(out / name).parameters.items() if k in names}
        stage = quantized_stage(rules, settings)
        chains.append(Chain(f"rounding-{name}-{seed}", seed, (stage,), start))
    return chains


def train_candidates(
    config: BertConfig,
    tokens: TokenizedExamples,
    patterns: Sequence[PatternRules],
    teachers: dict[int, Parameters],
    out: Path,
    keep: Callable[[PatternRules, StageResult, str], None],
    *,
    settings: Settings,
    method: str,
    seed: int,
    resources: Resources,
) -> bool:
    """Trains a method's candidates from the teacher, and their last phases with rounding where
    settings ask for them; False when told to stop.

    keep(rules, result, suffix) is called for each and writes it to OUT/candidate_name(rules) +
    suffix, which is what the last phase goes on from.
    """
    candidates_of = {}
    chains = []
    for number, plan in enumerate(plans(method, patterns, settings)):
        name = f"{method}-{seed}-{number}"
        candidates_of[name] = plan.candidates
        chains.append(Chain(name, seed, plan.stages, teachers[seed]))

    def on_stage(result: StageResult) -> None:
        rules = candidates_of[result.chain.name].get(result.index)
        if rules is not None:
            keep(rules, result, "")

    if not run_chains(config, tokens, chains, resources, on_stage, teachers):
        return False
    if not settings.quantized_steps:
        return True
    last = _rounding_chains(patterns, settings, seed, out, names=teachers[seed])
    batches = tuple(calibration_batches(tokens, resources.shape))
    rounding = replace(resources, calibration=batches)

    def on_last(result: StageResult) -> None:
        keep(result.chain.stages[0].patterns, result, ROUNDED)

    return run_chains(config, tokens, last, rounding, on_last, teachers)
