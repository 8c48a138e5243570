# SPDX-License-Identifier: Apache-2.0
"""model.py of a Triton repository: token ids to embeddings."""

from __future__ import annotations

import triton_python_backend_utils as triton
from encoder import INPUTS, OUTPUT, Encoder


class TritonPythonModel:
    """As Triton's Python backend wants it."""

    def initialize(self, _: dict) -> None:
        """Once an instance."""
        self._encoder = Encoder()

    def execute(self, requests: list) -> list:
        """An answer for each request."""
        responses = []
        for request in requests:
            inputs = {
                name: triton.get_input_tensor_by_name(request, name).as_numpy() for name in INPUTS
            }
            output = triton.Tensor(OUTPUT, self._encoder.run(inputs))
            responses.append(triton.InferenceResponse([output]))
        return responses
