# SPDX-License-Identifier: Apache-2.0
"""OpenVINO as a contender; see driven.py."""

from __future__ import annotations

import argparse

import driven
import numpy as np
import openvino


def load(path: str, threads: int) -> driven.Form:
    """A model on the CPU plugin, one stream."""
    compiled = openvino.Core().compile_model(
        path,
        "CPU",
        {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",  # of what is not int8; bf16 is no faster
        },
    )

    def prepare(inputs: dict[str, np.ndarray]) -> driven.Runner:
        request = compiled.create_infer_request()
        return lambda: request.infer(inputs)[0]

    return prepare


def main() -> None:
    """Runs the peer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="IR file (.xml)")
    parser.add_argument("--threads", type=int, default=1, help="threads (default: 1)")
    arguments = parser.parse_args()
    version = openvino.__version__.split("-")[0]
    driven.serve(f"openvino {version}", [load(arguments.model, arguments.threads)])


if __name__ == "__main__":
    main()
