# SPDX-License-Identifier: Apache-2.0
"""Everything that contenders run, made once from the same weights and kept.

Each method returns the path of a file, which it makes if it is not there. Folders carry a hash of
what their content depends on; folders of other hashes are removed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import onnxruntime

import onnx_export
import token_files
from checkpoint import Checkpoint, prune, read_checkpoint
from peers.driven import read_inputs

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The sequences that are measured and those that peers are calibrated on are other sentences.
_TEXT = ROOT / "bench/accuracy/data/wiki-1000.txt"
_CALIBRATION_TEXT = ROOT / "scripts/data/calibration-wiki-600.txt"
_CALIBRATION_SHAPE = "16x64"
# The modules that decide what the files hold.
_EXPORTERS = ("artifacts", "checkpoint", "onnx_export", "token_files")


def log(message: str) -> None:
    """Progress, on stderr."""
    print(f"compare: {message}", file=sys.stderr, flush=True)


def _hash(*paths: pathlib.Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _fresh_folder(parent: pathlib.Path, name: str, key: str) -> pathlib.Path:
    folder = parent / f"{name}-{key}"
    for other in parent.glob(f"{name}-*"):
        if other != folder:
            shutil.rmtree(other)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _make(path: pathlib.Path, maker: Callable[[pathlib.Path], None]) -> pathlib.Path:
    """Makes a file or folder under another name first, so that what is there is whole."""
    if not path.exists():
        log(f"making {path.parent.name}/{path.name}")
        partial = path.with_name("partial-" + path.name)
        if partial.is_dir():
            shutil.rmtree(partial)
        maker(partial)
        partial.rename(path)
    return path


@dataclasses.dataclass(frozen=True)
class Model:
    """A Hugging Face directory under a short name."""

    name: str
    directory: pathlib.Path
    calibration_sentences: int  # for the converter


class Artifacts:
    """The files of one model. `work` is the folder of all models, stactl our converter."""

    def __init__(self, model: Model, work: pathlib.Path, stactl: pathlib.Path) -> None:
        self._model = model
        self._stactl = stactl
        here = pathlib.Path(__file__)
        exporters = [here.with_name(f"{name}.py") for name in _EXPORTERS]
        weights = model.directory / "model.safetensors"
        self._folder = _fresh_folder(work / "models", model.name, _hash(weights, *exporters))
        self._packages = _fresh_folder(work / "packages", model.name, _hash(weights, stactl))
        self.tokens_folder = self._folder / "tokens"
        self.tokens_folder.mkdir(exist_ok=True)
        self._last_pruned: tuple[str, Checkpoint] | None = None

    def _pruned(self, pattern: str) -> Checkpoint:
        # Files of a pattern are mostly made one after the other, and pruning takes seconds.
        if self._last_pruned is None or self._last_pruned[0] != pattern:
            checkpoint = prune(read_checkpoint(self._model.directory), pattern)
            self._last_pruned = (pattern, checkpoint)
        return self._last_pruned[1]

    def tokens(self, shape: str) -> pathlib.Path:
        """The batch of a shape."""
        tokenizer = self._model.directory / "tokenizer.json"
        return _make(
            self.tokens_folder / shape,
            lambda path: token_files.write_batch(tokenizer, _TEXT, shape, path),
        )

    def _calibration(self) -> pathlib.Path:
        tokenizer = self._model.directory / "tokenizer.json"
        return _make(
            self._folder / "calibration",
            lambda path: token_files.write_batch(
                tokenizer, _CALIBRATION_TEXT, _CALIBRATION_SHAPE, path
            ),
        )

    def package(self, pattern: str) -> pathlib.Path:
        """Our package."""

        def convert(path: pathlib.Path) -> None:
            subprocess.run(
                [
                    self._stactl,
                    "convert",
                    "--model",
                    self._model.directory,
                    "--output",
                    path,
                    "--pattern",
                    pattern,
                    "--calibrate",
                    _CALIBRATION_TEXT,
                    "--sentences",
                    str(self._model.calibration_sentences),
                ],
                stdout=subprocess.DEVNULL,
                check=True,
            )

        return _make(self._packages / pattern.replace(":", "-"), convert)

    def onnx_float(self) -> list[pathlib.Path]:
        """The dense float model as exported, and as onnxruntime's optimizer fuses it."""
        plain = _make(
            self._folder / "float.onnx",
            lambda path: onnx_export.export_float(self._pruned("dense"), path),
        )

        def optimize(path: pathlib.Path) -> None:
            from onnxruntime.transformers import optimizer

            sizes = self._pruned("dense").sizes
            model = optimizer.optimize_model(
                str(plain),
                model_type="bert",
                num_heads=sizes.heads,
                hidden_size=sizes.hidden,
                opt_level=0,
            )
            fused = model.get_fused_operator_statistics()["Attention"]
            if fused != sizes.layers:
                raise RuntimeError(f"onnxruntime fused {fused} of {sizes.layers} attentions")
            model.save_model_to_file(str(path))

        return [plain, _make(self._folder / "float-optimized.onnx", optimize)]

    def onnx_int8(self) -> list[pathlib.Path]:
        """Both float models as onnxruntime's quantize_dynamic makes them."""
        from onnxruntime import quantization

        def quantize(source: pathlib.Path, target: pathlib.Path) -> None:
            quantization.quantize_dynamic(
                source,
                target,
                weight_type=quantization.QuantType.QInt8,
                # The fused operators have no shape inference.
                extra_options={"DefaultTensorType": 1},
            )

        return [
            _make(
                source.with_name(source.name.replace("float", "int8")),
                functools.partial(quantize, source),
            )
            for source in self.onnx_float()
        ]

    def openvino(self) -> pathlib.Path:
        """The dense model as nncf quantizes it for OpenVINO."""
        float_model = self.onnx_float()[0]
        inputs = read_inputs(self._calibration())

        def quantize(path: pathlib.Path) -> None:
            with contextlib.redirect_stdout(sys.stderr):
                import nncf
                import openvino

                rows = range(len(inputs["input_ids"]))
                samples = [
                    {name: value[row : row + 1] for name, value in inputs.items()} for row in rows
                ]
                model = nncf.quantize(
                    openvino.Core().read_model(float_model),
                    nncf.Dataset(samples),
                    model_type=nncf.ModelType.TRANSFORMER,
                    subset_size=len(samples),
                )
                path.mkdir()
                openvino.save_model(model, path / "model.xml", compress_to_fp16=False)

        return _make(self._folder / "openvino", quantize) / "model.xml"

    def _ranges(self, pattern: str) -> onnx_export.Ranges:
        def calibrate(path: pathlib.Path) -> None:
            model = path.with_suffix(".onnx")
            operands = onnx_export.export_with_operands(self._pruned(pattern), model)
            session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
            names = sorted(set(operands.values()))
            values = session.run(names, read_inputs(self._calibration()))
            model.unlink()
            extremes = {
                name: (float(value.min()), float(value.max()))
                for name, value in zip(names, values, strict=True)
            }
            ranges = {key: extremes[name] for key, name in operands.items()}
            path.write_text(json.dumps(ranges), encoding="utf-8")

        path = _make(self._folder / f"ranges-{pattern.replace(':', '-')}.json", calibrate)
        ranges: onnx_export.Ranges = json.loads(path.read_text(encoding="utf-8"))
        return ranges

    def deepsparse(self, pattern: str, shapes: list[str]) -> list[str]:
        """The pruned integer model, and the same with integer attention, for each shape.

        Their paths have {shape} in place of the shape: that of the padded batch.
        """

        def export(integer_attention: bool, shape: tuple[int, int], path: pathlib.Path) -> None:
            checkpoint, ranges = self._pruned(pattern), self._ranges(pattern)
            onnx_export.export_integer(
                checkpoint, ranges, shape, path, integer_attention=integer_attention
            )

        templates = []
        for form, integer_attention in (("", False), ("-attention", True)):
            template = f"deepsparse{form}-{pattern.replace(':', '-')}-{{shape}}.onnx"
            for shape in shapes:
                rows, length = read_inputs(self.tokens(shape))["input_ids"].shape
                _make(
                    self._folder / template.format(shape=f"{rows}x{length}"),
                    functools.partial(export, integer_attention, (rows, length)),
                )
            templates.append(str(self._folder / template))
        return templates

    def reference(self, pattern: str, shape: str) -> np.ndarray:
        """The embeddings that the pruned float model gives for a batch."""

        def compute(path: pathlib.Path) -> None:
            model = path.with_suffix(".onnx")
            onnx_export.export_float(self._pruned(pattern), model)
            session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
            embeddings = session.run(None, read_inputs(self.tokens(shape)))[0]
            model.unlink()
            with path.open("wb") as file:
                np.save(file, embeddings)

        name = f"reference-{pattern.replace(':', '-')}-{shape}.npy"
        reference: np.ndarray = np.load(_make(self._folder / name, compute))
        return reference
