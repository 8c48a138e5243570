# SPDX-License-Identifier: Apache-2.0
"""What all peers run behind their own interfaces: ONNX Runtime on one exported model."""

from __future__ import annotations

import os

import numpy as np
import onnxruntime

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUT = "sentence_embedding"


class Encoder:
    """A session. `SERVING_MODEL` in the environment is its path, `SERVING_THREADS` its threads."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ["SERVING_THREADS"])
        self._session = onnxruntime.InferenceSession(
            os.environ["SERVING_MODEL"], options, providers=["CPUExecutionProvider"]
        )

    def run(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """The embeddings, float32 [rows, hidden]; `inputs` are int64 [rows, length] by name."""
        return self._session.run([OUTPUT], inputs)[0]
