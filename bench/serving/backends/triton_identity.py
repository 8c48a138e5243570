# SPDX-License-Identifier: Apache-2.0
"""model.py of a Triton repository: OUTPUT0 is INPUT0."""

from __future__ import annotations

import triton_python_backend_utils as triton


class TritonPythonModel:
    """As Triton's Python backend wants it."""

    def execute(self, requests: list) -> list:
        """An answer for each request."""
        responses = []
        for request in requests:
            values = triton.get_input_tensor_by_name(request, "INPUT0").as_numpy()
            responses.append(triton.InferenceResponse([triton.Tensor("OUTPUT0", values)]))
        return responses
