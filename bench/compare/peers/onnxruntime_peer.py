# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime as a contender; see driven.py."""

from __future__ import annotations

import argparse

import driven
import numpy as np
import onnxruntime


def load(path: str, threads: int) -> driven.Form:
    """A model on the CPU provider."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads spin within a run but not after it, when it is another contender's turn.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def prepare(inputs: dict[str, np.ndarray]) -> driven.Runner:
        return lambda: session.run(None, inputs)[0]

    return prepare


def main() -> None:
    """Runs the peer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", action="append", required=True, help="ONNX file; repeatable")
    parser.add_argument("--threads", type=int, default=1, help="intra-op threads (default: 1)")
    arguments = parser.parse_args()
    forms = [load(path, arguments.threads) for path in arguments.model]
    driven.serve(f"onnxruntime {onnxruntime.__version__}", forms)


if __name__ == "__main__":
    main()
