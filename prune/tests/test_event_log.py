# SPDX-License-Identifier: Apache-2.0
"""Event files are read back: records of TFRecord's format with a message of TensorBoard's each."""

import builtins
import pathlib
import struct

import pytest

from sta_prune.event_log import TensorBoardLog
from sta_prune.trainer import LogRow


def row(job: str, step: int, loss: float) -> LogRow:
    return LogRow(job, step, 1e-3 * step, {"task": loss, "hidden": 2 * loss}, 0.25, 7.0)


def scalars(directory: pathlib.Path) -> dict[tuple[str, int], float]:
    """By (tag, step), of all event files of a run."""
    event_pb2 = pytest.importorskip("tensorboardX.proto.event_pb2")
    found = {}
    for path in sorted(directory.glob("events.out.tfevents.*")):
        data = path.read_bytes()
        while data:
            (size,) = struct.unpack("<Q", data[:8])
            event = event_pb2.Event.FromString(data[12 : 12 + size])  # two CRCs of 4 bytes
            data = data[12 + size + 4 :]
            for value in event.summary.value:
                found[value.tag, event.step] = value.simple_value
    return found


def test_writes_a_run_for_every_job(tmp_path):
    pytest.importorskip("tensorboardX")
    log = TensorBoardLog(tmp_path / "events")
    for written in (row("idp-1-0", 1, 0.5), row("idp-1-0", 2, 0.25), row("asp-1-0", 1, 0.75)):
        log(written)
    log.close()
    idp = scalars(tmp_path / "events/idp-1-0")
    assert idp["loss/task", 1] == 0.5 and idp["loss/task", 2] == 0.25
    assert idp["loss/hidden", 2] == 0.5
    assert idp["rate", 2] == pytest.approx(2e-3)
    assert idp["mask_changes", 1] == 0.25 and idp["seconds", 1] == 7
    assert scalars(tmp_path / "events/asp-1-0")["loss/task", 1] == 0.75


def test_goes_on_beside_what_is_there(tmp_path):
    pytest.importorskip("tensorboardX")
    for step in (1, 2):
        log = TensorBoardLog(tmp_path)
        log(row("idp", step, 0.5))
        log.close()
    assert {step for tag, step in scalars(tmp_path / "idp") if tag == "rate"} == {1, 2}


def test_says_which_package_is_missing(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **more):
        if name.split(".")[0] in ("tensorboard", "tensorboardX") or name.endswith(".tensorboard"):
            raise ImportError(name)
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RuntimeError, match="needs the package tensorboard or tensorboardX"):
        TensorBoardLog(tmp_path / "events")
    assert not (tmp_path / "events").exists()
