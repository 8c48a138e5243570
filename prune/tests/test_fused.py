# SPDX-License-Identifier: Apache-2.0
import torch

from sta_prune.fused import fused_on_gpu


def test_on_a_cpu_the_function_itself_runs():
    calls = []

    @fused_on_gpu
    def twice(scale: float, x: torch.Tensor) -> torch.Tensor:
        """Says what it is."""
        calls.append(scale)
        return scale * x

    assert twice(2.0, torch.ones(2)).tolist() == [2.0, 2.0]
    assert calls == [2.0]
    assert twice.__doc__ == "Says what it is."
