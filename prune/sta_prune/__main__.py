# SPDX-License-Identifier: Apache-2.0
"""Command line: python -m sta_prune series|backbone|evaluate|plot; see `--help` of each."""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from sta_prune.backbone import run_backbone
from sta_prune.chains import Resources
from sta_prune.checkpoint import read_model
from sta_prune.evaluation import Computing, evaluate_model
from sta_prune.event_log import TensorBoardLog
from sta_prune.methods import METHODS, Settings
from sta_prune.packing import BatchShape
from sta_prune.patterns import split_series
from sta_prune.plot import plot_series
from sta_prune.series import CsvLog, TaskData, run_series
from sta_prune.served import ServedModel
from sta_prune.stage import NO_DISTILLATION, TASK_DISTILLATION
from sta_prune.tasks import TASKS, Examples, Task, csv_task, read_task_file, split_for_choosing
from sta_prune.trainer import LogRow

STOPPED = 3  # exit status: out of time; the same command goes on

DESCRIPTION = """\
Makes N:M-sparse Transformer encoders from dense ones.

  series    a dense model and a task to fine-tuned candidates, each pattern from the one before
  backbone  a dense sentence encoder and plain text to sparse ones
  evaluate  scores a model directory, or a package that a server serves
  plot      accuracy against density, from series.json files

A first series, on files of GLUE:

  python -m sta_prune series --model DIR --task sst2 --data GLUE --patterns 4:8,2:8,1:8 --out sst2
  stactl convert --model sst2/2-8 --pattern keep --calibrate TEXT --output store/sst2/1
  python -m sta_prune evaluate sst2/2-8 --task sst2 --data GLUE --server 127.0.0.1:8001 --name sst2
"""

SERIES = """\
Fine-tunes the dense model on the task (the teacher), then trains a candidate for every pattern, and
writes each as an ordinary Hugging Face directory with zeros in place, and series.json. An
interrupted run, or one that --seconds stopped (exit status 3), goes on with the same command.

Patterns are N:M, from dense to sparse. Rules by matrix are those of stactl convert; candidates are
then separated by semicolons: --patterns '4:8;2:8,*.layer.5.*=4:8'.

Scores are of the dev set, or with --choose of a part split off the training set, which is then not
trained on: use it for choosing rates and the like, and the dev set once at the end."""

BACKBONE = """\
Distils a dense sentence encoder into sparse ones, on texts without labels, one a line: the hidden
states of all layers, and the embedding. An interrupted run goes on like one of series."""


def _add_task(parser: argparse.ArgumentParser, trains: bool) -> None:
    names = ", ".join(TASKS)
    parser.add_argument("--task", required=True, metavar="NAME|CSV",
        help=f"{names}; or a CSV with columns text, label and perhaps text_pair")  # fmt: skip
    parser.add_argument("--data", type=Path, metavar="DIR",
        help="folder with SST-2, MRPC, STS-B, RTE and CoLA in GLUE's files")  # fmt: skip
    text = "CSV to score on" + (" (default: the choosing part)" if trains else "")
    parser.add_argument("--dev", type=Path, metavar="CSV", help=f"with --task CSV: {text}")


def _add_training(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, required=True, metavar="DIR",
        help="Hugging Face directory of a BERT model")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where results go")
    parser.add_argument("--patterns", required=True, metavar="LIST", help="such as 4:8,2:8,1:8")
    parser.add_argument("--method", default="idp", choices=tuple(METHODS), metavar="NAME",
        help="one of those below (idp)")  # fmt: skip
    lines = (f"  {name:15} {text}" for name, text in METHODS.items())
    parser.epilog = "\n".join(["methods:", *lines])
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate (1e-3)")
    parser.add_argument("--decay", type=float, default=2.0,
        help="decay of pruned weights in a whole stage, as an exponent (2)")  # fmt: skip
    parser.add_argument("--refresh", type=int, default=5, metavar="STEPS",
        help="steps between two choices of masks (5)")  # fmt: skip
    parser.add_argument("--equal-for", default="candidate", choices=("candidate", "series"),
        help="which costs as much as the chain: each separate run, or all of them")  # fmt: skip
    parser.add_argument("--rounded-steps", type=int, default=0, metavar="N",
        help="a last phase of N steps with the rounding of the integer arithmetic in the loop; "
        "writes PATTERN-rounded beside PATTERN (none)")  # fmt: skip
    parser.add_argument("--rounded-rate", type=float, default=1e-4,
        help="highest learning rate of that phase (1e-4)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="of data order and new heads (1)")


def _add_computing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu",
        help="cpu or cuda (the GPU where there is one)")  # fmt: skip
    parser.add_argument("--bf16", action="store_true",
        help="activations and products in bfloat16; weights stay float32")  # fmt: skip
    parser.add_argument("--max-tokens", type=int, default=128, metavar="N",
        help="texts are cut to this (128)")  # fmt: skip
    parser.add_argument("--batch-tokens", type=int, default=1024, metavar="N",
        help="packed tokens of a step (1024)")  # fmt: skip


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=math.inf,
        help="stop after this long, to go on with the same command (no limit)")  # fmt: skip
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    parser.add_argument("--tensorboard", type=Path, metavar="DIR",
        help="losses and rates for TensorBoard too, besides OUT/log.csv")  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("sta_prune", description=DESCRIPTION, formatter_class=raw)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    series = commands.add_parser(
        "series", help="fine-tuned candidates of a task", description=SERIES, formatter_class=raw
    )
    _add_training(series)
    _add_task(series, trains=True)
    series.add_argument("--steps", type=int, default=840, help="of each stage (840)")
    series.add_argument("--dense-rate", type=float, default=1e-4,
        help="highest learning rate of the dense model's fine-tuning (1e-4)")  # fmt: skip
    series.add_argument("--no-distillation", action="store_true", help="train on the labels alone")
    series.add_argument("--choose", action="store_true",
        help="score on a part split off the training set")  # fmt: skip

    backbone = commands.add_parser(
        "backbone", help="sparse sentence encoders from plain text", description=BACKBONE,
        formatter_class=raw,
    )  # fmt: skip
    _add_training(backbone)
    backbone.add_argument("--text", type=Path, required=True, nargs="+", metavar="FILE",
        help="UTF-8, one text a line; one line of 100 is held back for measuring")  # fmt: skip
    backbone.add_argument("--steps", type=int, default=21000, help="of each stage (21000)")

    evaluate = commands.add_parser(
        "evaluate", help="scores of a directory or a served package",
        description="Scores a model directory on a task, a served package, or both: then they must "
        "agree within --tolerance points in every metric, or the exit status is 1. The package is "
        "of integers, so that some of hundreds of answers differ from floating point.",
    )  # fmt: skip
    evaluate.add_argument("directory", type=Path, nargs="?", help="Hugging Face directory")
    _add_task(evaluate, trains=False)
    evaluate.add_argument("--server", metavar="HOST:PORT", help="a running sta-server")
    evaluate.add_argument("--name", help="the model's name there")
    evaluate.add_argument("--version", default="", metavar="N|ALIAS",
        help="the version there, such as p2-8 (what requests without one get)")  # fmt: skip
    evaluate.add_argument("--tolerance", type=float, default=0.3, metavar="POINTS",
        help="what the two may differ by (0.3)")  # fmt: skip

    plot = commands.add_parser("plot", help="accuracy against density")
    plot.add_argument("series", type=Path, nargs="+", metavar="DIR", help="with a series.json")
    plot.add_argument("--out", type=Path, required=True, metavar="FILE", help="PNG, SVG or PDF")
    plot.add_argument("--metric", help="(default: the task's own)")

    for command in (series, backbone, evaluate):
        _add_computing(command)
    for command in (series, backbone):
        _add_limits(command)
    return parser


def _shape(arguments: argparse.Namespace) -> BatchShape:
    rows = max(1, arguments.batch_tokens // arguments.max_tokens)
    return BatchShape(rows=rows, row_tokens=arguments.max_tokens)


def _dtype(arguments: argparse.Namespace) -> torch.dtype:
    return torch.bfloat16 if arguments.bf16 else torch.float32


def _task(arguments: argparse.Namespace) -> Task:
    if arguments.task in TASKS:
        if arguments.data is None:
            raise ValueError(f"--task {arguments.task} needs --data")
        return TASKS[arguments.task]
    path = Path(arguments.task)
    if not path.exists():
        raise ValueError(f"--task: '{arguments.task}' is neither a file nor one of {list(TASKS)}")
    return csv_task(path)


def _dev_examples(arguments: argparse.Namespace, task: Task) -> Examples:
    if arguments.data is not None and arguments.task in TASKS:
        return read_task_file(task, arguments.data / task.folder / "dev.tsv")
    return read_task_file(task, arguments.dev or Path(arguments.task))


def _task_data(arguments: argparse.Namespace) -> TaskData:
    task = _task(arguments)
    is_glue = arguments.task in TASKS
    path = arguments.data / task.folder / task.train_file if is_glue else Path(arguments.task)
    train = read_task_file(task, path)
    if arguments.choose or not (is_glue or arguments.dev):
        train, choose = split_for_choosing(train)
        return TaskData(task, train, choose, "choose")
    return TaskData(task, train, _dev_examples(arguments, task), "dev")


def _resources(
    arguments: argparse.Namespace, logs: Sequence[CsvLog | TensorBoardLog]
) -> Resources:
    end = time.monotonic() + arguments.seconds

    def log_row(row: LogRow) -> None:
        for log in logs:
            log(row)

    return Resources(
        work=arguments.out / "work",
        device=arguments.device,
        dtype=_dtype(arguments),
        shape=_shape(arguments),
        stop_at=lambda: time.monotonic() > end,
        log=log_row,
        progress=not arguments.quiet,
    )


def _logs(arguments: argparse.Namespace) -> list[CsvLog | TensorBoardLog]:
    # What may be missing first, before a file is made.
    logs: list[CsvLog | TensorBoardLog] = []
    if arguments.tensorboard is not None:
        logs.append(TensorBoardLog(arguments.tensorboard))
    return [CsvLog(arguments.out / "log.csv"), *logs]


def _settings(arguments: argparse.Namespace) -> Settings:
    return Settings(
        steps=arguments.steps,
        rate=arguments.rate,
        decay=arguments.decay,
        refresh_every=arguments.refresh,
        equal_for=arguments.equal_for,
        quantized_steps=arguments.rounded_steps,
        quantized_rate=arguments.rounded_rate,
    )


def _train(arguments: argparse.Namespace) -> int:
    patterns = split_series(arguments.patterns)
    common = {"method": arguments.method, "seed": arguments.seed}
    settings = _settings(arguments)
    if arguments.command == "series":
        data = _task_data(arguments)
        distillation = NO_DISTILLATION if arguments.no_distillation else TASK_DISTILLATION
        settings = replace(settings, dense_rate=arguments.dense_rate, distillation=distillation)
    logs = _logs(arguments)
    resources = _resources(arguments, logs)
    ended: object
    try:
        if arguments.command == "series":
            ended = run_series(arguments.model, data, patterns, arguments.out, settings=settings,
                               resources=resources, **common)  # fmt: skip
        else:
            ended = run_backbone(arguments.model, arguments.text, patterns, arguments.out,
                                 settings=settings, resources=resources, **common)  # fmt: skip
    finally:
        for log in logs:
            log.close()
    if ended is None:
        print("stopped; the same command goes on", file=sys.stderr)
        return STOPPED
    return 0


def _print_scores(name: str, scores: dict[str, float]) -> None:
    print(f"{name}: " + ", ".join(f"{metric} {value:.2f}" for metric, value in scores.items()))


def _evaluate(arguments: argparse.Namespace) -> int:
    if arguments.directory is None and arguments.server is None:
        raise ValueError("evaluate needs a directory, a --server, or both")
    if (arguments.server is None) != (arguments.name is None):
        raise ValueError("--server and --name go together")
    task = _task(arguments)
    examples = _dev_examples(arguments, task)
    found = []
    if arguments.directory is not None:
        computing = Computing(arguments.device, _dtype(arguments), _shape(arguments))
        found.append(evaluate_model(read_model(arguments.directory), task, examples, computing))
        _print_scores(str(arguments.directory), found[-1])
    if arguments.server is not None:
        with ServedModel(arguments.server, arguments.name, arguments.version) as model:
            found.append(model.evaluate(task, examples))
        _print_scores(f"{arguments.name} at {arguments.server}", found[-1])
    worst = max(abs(found[0][metric] - found[-1][metric]) for metric in found[0])
    if worst > arguments.tolerance:
        print(f"they differ by {worst:.2f} points, over {arguments.tolerance}", file=sys.stderr)
        return 1
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        if arguments.command == "plot":
            plot_series(arguments.series, arguments.out, arguments.metric)
            return 0
        return _evaluate(arguments) if arguments.command == "evaluate" else _train(arguments)
    except (ValueError, OSError, RuntimeError) as error:
        print(f"sta_prune: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
