# SPDX-License-Identifier: Apache-2.0
"""Methods as lists of stages: inherited dynamic pruning, its baselines, and its parts one by one.

Every method gives a candidate for each pattern of a series. With S steps a stage, the candidate at
place i of an inherited series has cost (i + 1) S steps; `equal_for="candidate"` gives as many to
each separate run of another method, `equal_for="series"` S to each, so that the whole series costs
the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sta_prune.patterns import PatternRules
from sta_prune.stage import NO_DISTILLATION, TASK_DISTILLATION, Distillation, Stage

# What each method is; `--method` of the command line and the runs' tables use these names.
METHODS = {
    "idp": "one chain: each pattern starts from the one before, its mask inside the inherited one",
    "srste": "SR-STE: each pattern separately from the dense model, its mask chosen as it trains",
    "asp": "one-shot by magnitude and fine-tuned with the mask fixed, separately for each pattern",
    "idp-free": "idp with masks that may leave the inherited ones (what is nesting worth?)",
    "idp-one-rate": "idp with one triangle of rates over all stages (what are restarts worth?)",
    "idp-one-decay": "idp whose decays add up to one stage's (what is the stronger decay worth?)",
    "srste-restarts": "srste with idp's restarts and decay (what are the denser stages worth?)",
}
@dataclass(frozen=True)
class Settings:
    """What the stages of a series have in common. The rates are idp.md's: `rate` with a teacher,
    `free_rate` without one down to 1:4, where `rate` takes over."""

    steps: int
    distillation: Distillation = TASK_DISTILLATION
    rate: float = 1e-3
    free_rate: float = 3e-4
    free_dropout: float = 0.1
    decay: float = 2.0
    refresh_every: int = 5
    frozen: float = 0.15
    # Patterns of this density and sparser ones are chosen by |w| x rms(input), others by |w|.
    activation_density: float = 1 / 16
    equal_for: str = "candidate"
    dense_rate: float = 1e-4
    quantized_steps: int = 0  # of the last phase, with rounding in the loop; 0: none
    quantized_rate: float = 1e-4


@dataclass(frozen=True)
class Plan:
    """Stages one after the other; candidates: pattern by the stage behind which it is done."""

    stages: tuple[Stage, ...]
    candidates: dict[int, PatternRules]


def density(rules: PatternRules) -> float:
    """Of the rule for all matrices, which decides on rates and saliency."""
    return rules.rules[0][1].density


def dense_stage(settings: Settings) -> Stage:
    """Fine-tuning of the dense model, which is the teacher and where chains begin."""
    return Stage(
        PatternRules.parse("dense"),
        settings.steps,
        settings.dense_rate,
        dropout=settings.free_dropout,
        distillation=NO_DISTILLATION,
    )


def quantized_stage(rules: PatternRules, settings: Settings) -> Stage:
    """The last phase of a candidate: its mask stays, rounding is in the loop. The mask is chosen
    once and by magnitude, which finds the places that are not zero."""
    return Stage(
        rules,
        settings.quantized_steps,
        settings.quantized_rate,
        refresh_every=0,
        is_nested=False,
        distillation=settings.distillation,
        is_quantized=True,
    )


def _stage(rules: PatternRules, settings: Settings) -> Stage:
    is_taught = settings.distillation.has_teacher
    is_mild = density(rules) >= 0.25
    return Stage(
        rules,
        settings.steps,
        settings.rate if is_taught or not is_mild else settings.free_rate,
        decay=settings.decay,
        refresh_every=settings.refresh_every,
        frozen=settings.frozen,
        saliency="activation" if density(rules) <= settings.activation_density else "magnitude",
        dropout=0.0 if is_taught else settings.free_dropout,
        distillation=settings.distillation,
    )


def _chain(patterns: Sequence[PatternRules], settings: Settings, method: str) -> Plan:
    stages = [_stage(rules, settings) for rules in patterns]
    count = len(stages)
    if method == "idp-free":
        stages = [replace(stage, is_nested=False) for stage in stages]
    elif method == "idp-one-rate":
        parts = [(i / count, (i + 1) / count) for i in range(count)]
        stages = [replace(stage, rate_part=part) for stage, part in zip(stages, parts)]
    elif method == "idp-one-decay":
        stages = [replace(stage, decay=settings.decay / count) for stage in stages]
    return Plan(tuple(stages), dict(enumerate(patterns)))


def _separate(rules: PatternRules, depth: int, settings: Settings, method: str) -> Plan:
    """depth: of the pattern in the series, from 0."""
    stage = replace(_stage(rules, settings), is_nested=False)
    times = depth + 1 if settings.equal_for == "candidate" else 1
    if method == "srste-restarts":
        return Plan((stage,) * times, {times - 1: rules})
    if method == "asp":
        stage = replace(stage, refresh_every=0, saliency="magnitude")
    return Plan((stage.with_steps(times * settings.steps),), {0: rules})


def plans(method: str, patterns: Sequence[PatternRules], settings: Settings) -> list[Plan]:
    """The runs that give a candidate for every pattern. Raises ValueError for an unknown method.

    idp-one-rate, whose rate ends with its last stage, is only meant to be judged by that one.
    """
    if method not in METHODS:
        raise ValueError(f"method '{method}' is unknown; there are {', '.join(METHODS)}")
    if settings.equal_for not in ("candidate", "series"):
        raise ValueError(f"equal_for '{settings.equal_for}' is neither 'candidate' nor 'series'")
    if not patterns:
        raise ValueError("a series needs a pattern")
    if method.startswith("idp"):
        return [_chain(patterns, settings, method)]
    return [_separate(rules, i, settings, method) for i, rules in enumerate(patterns)]
