# SPDX-License-Identifier: Apache-2.0
"""A series of N:M candidates of one model on one task, from a dense model to files on a disk.

OUT/dense/            the fine-tuned dense model, the teacher
OUT/4-8/ OUT/2-8/     candidates: Hugging Face directories with zeros in place
OUT/2-8-rounded/      the same after a last phase with rounding in the loop, where asked for
OUT/series.json       the candidates with their patterns and scores
OUT/log.csv           losses and rates; OUT/work/ holds what an interrupted run goes on from
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy

from sta_prune.bert import BertConfig, Parameters, matrix_names
from sta_prune.candidates import candidate_name, train_candidates
from sta_prune.chains import Chain, Resources, StageResult, run_chains
from sta_prune.checkpoint import Model, read_model, with_head, write_model
from sta_prune.evaluation import Computing, evaluate_model, predict
from sta_prune.masks import check_fits
from sta_prune.methods import Settings, dense_stage
from sta_prune.patterns import PatternRules
from sta_prune.tasks import Examples, Task
from sta_prune.tokens import TokenizedExamples, load_tokenizer, tokenize
from sta_prune.trainer import LogRow

MANIFEST_VERSION = 1


@dataclass(frozen=True)
class TaskData:
    """A task with what is trained on and what is scored on. split: where the latter is from, "dev"
    or "choose"."""

    task: Task
    train: Examples
    evaluation: Examples
    split: str


@dataclass(frozen=True)
class Candidate:
    """An entry of series.json. density: kept share of all pruned matrices' weights."""

    name: str
    directory: str
    patterns: str
    density: float
    steps: int
    seconds: float
    split: str
    accuracy: dict[str, float]


def kept_share(parameters: Parameters, config: BertConfig) -> float:
    """Weights that are not zero, of all matrices."""
    matrices = [parameters[name] for name in matrix_names(config)]
    return sum(int((m != 0).sum()) for m in matrices) / sum(m.numel() for m in matrices)


def tokens_of(directory: Path, examples: Examples, max_tokens: int) -> TokenizedExamples:
    tokenizer = load_tokenizer(directory, max_tokens)
    return tokenize(tokenizer, examples.texts, examples.pairs, examples.labels)


class CsvLog:
    """Appends a line a reported step."""

    COLUMNS = ("job", "step", "rate", "task", "logits", "hidden", "embedding", "mask_changes",
               "seconds")  # fmt: skip

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not path.exists()
        self._file = path.open("a", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        if is_new:
            self._writer.writerow(self.COLUMNS)

    def __call__(self, row: LogRow) -> None:
        losses = [f"{row.losses[n]:.6g}" if n in row.losses else "" for n in self.COLUMNS[3:7]]
        rest = [f"{row.mask_changes:.4g}", f"{row.seconds:.2f}"]
        self._writer.writerow([row.job, row.step, f"{row.rate:.4g}", *losses, *rest])
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def train_teachers(
    model: Model,
    data: TaskData,
    tokens: TokenizedExamples,
    settings: Settings,
    seeds: Sequence[int],
    resources: Resources,
    on_stage: Callable[[StageResult], None],
) -> dict[int, Parameters] | None:
    """The dense model fine-tuned with each seed; None when told to stop. What is there is not
    trained again."""
    heads = {seed: with_head(model, data.task.label_names, seed) for seed in seeds}
    found: dict[int, Parameters] = {}

    def keep(result: StageResult) -> None:
        path = resources.work / f"{result.chain.name}.model"
        write_model(path, heads[result.chain.seed], result.parameters)
        on_stage(result)

    chains = [
        Chain(f"dense-{seed}", seed, (dense_stage(settings),), heads[seed].parameters)
        for seed in seeds
    ]
    config = replace(model.config, labels=len(data.task.labels))
    if not run_chains(config, tokens, chains, resources, keep):
        return None
    for seed in seeds:
        found[seed] = read_model(resources.work / f"dense-{seed}.model").parameters
    return found


def score(
    config: BertConfig,
    parameters: Parameters,
    task: Task,
    evaluation: TokenizedExamples,
    computing: Computing,
) -> dict[str, float]:
    """Of the first job."""
    logits = predict(parameters, config, evaluation, computing)[0]
    return task.score(numpy.asarray(evaluation.labels), logits)


class Manifest:
    """OUT/series.json: the candidates so far; written anew, as a whole, with each.

    dense: the dense model's scores and what they are of, where it is no candidate itself. `stactl
    convert --series` reads the file.
    """

    def __init__(
        self,
        out: Path,
        task: str,
        source: Path,
        metric: str,
        dense: dict[str, object] | None = None,
    ) -> None:
        self._out = out
        self._head = {
            "format_version": MANIFEST_VERSION,
            "name": out.resolve().name,
            "task": task,
            "source": source.resolve().name,
            "metric": metric,
            **({} if dense is None else {"dense": dense}),
        }
        self.candidates: list[Candidate] = []
        if (out / "series.json").exists():
            text = (out / "series.json").read_text(encoding="utf-8")
            self.candidates = [Candidate(**entry) for entry in json.loads(text)["candidates"]]

    def add(self, candidate: Candidate) -> None:
        """In place of an earlier one of that name."""
        others = [c for c in self.candidates if c.name != candidate.name]
        self.candidates = [*others, candidate]
        manifest = {**self._head, "candidates": [asdict(c) for c in self.candidates]}
        staging = self._out / "series.json.staging"
        staging.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        staging.replace(self._out / "series.json")


class SeriesWriter:
    """Writes candidates and series.json as they are done."""

    def __init__(self, out: Path, model: Model, data: TaskData, computing: Computing) -> None:
        self._out = out
        self._model = model
        self._data = data
        self._computing = computing
        self.manifest = Manifest(out, data.task.name, model.directory, data.task.metrics[0])

    def add(self, rules: PatternRules, result: StageResult, suffix: str = "") -> Candidate:
        """Checks, writes and scores a candidate; suffix: of its name."""
        config = self._model.config
        for name in matrix_names(config):
            check_fits(result.parameters[name], rules.of(name), name)
        name = candidate_name(rules) + suffix
        directory = self._out / name
        max_tokens = self._computing.shape.row_tokens
        write_model(directory, self._model, result.parameters, max_tokens=max_tokens)
        accuracy = evaluate_model(
            read_model(directory), self._data.task, self._data.evaluation, self._computing
        )
        candidate = Candidate(
            name,
            name,
            str(rules),
            kept_share(result.parameters, config),
            result.steps_so_far,
            round(result.seconds, 2),
            self._data.split,
            {metric: round(value, 2) for metric, value in accuracy.items()},
        )
        self.manifest.add(candidate)
        return candidate


def run_series(
    model_directory: Path,
    data: TaskData,
    patterns: Sequence[PatternRules],
    out: Path,
    *,
    settings: Settings,
    method: str,
    seed: int,
    resources: Resources,
    tell: Callable[[str], None] = print,
) -> list[Candidate] | None:
    """Trains and writes a series; None when told to stop: a later call with the same arguments goes
    on. Raises ValueError for patterns that the model or the package format does not have."""
    source = read_model(model_directory)
    for rules in patterns:
        rules.check(matrix_names(source.config))
        rules.check_packable()
    names = [candidate_name(rules) for rules in patterns]
    if len(set(names)) != len(names):
        raise ValueError(f"two candidates would have one name: {', '.join(names)}")
    max_tokens = resources.shape.row_tokens
    tokens = tokens_of(model_directory, data.train, max_tokens)
    model = with_head(source, data.task.label_names, seed)
    computing = Computing(resources.device, resources.dtype, resources.shape)
    writer = SeriesWriter(out, model, data, computing)

    def report(rules: PatternRules, result: StageResult, suffix: str = "") -> None:
        candidate = writer.add(rules, result, suffix)
        scores = ", ".join(f"{n} {v:.2f}" for n, v in candidate.accuracy.items())
        tell(f"{candidate.name}: {scores} ({data.split}; {candidate.steps} steps)")

    dense = PatternRules.parse("dense")
    teachers = train_teachers(
        source, data, tokens, settings, [seed], resources, lambda result: report(dense, result)
    )
    if teachers is None:
        return None
    trained = train_candidates(
        model.config, tokens, patterns, teachers, out, report,
        settings=settings, method=method, seed=seed, resources=resources,
    )  # fmt: skip
    return writer.manifest.candidates if trained else None
