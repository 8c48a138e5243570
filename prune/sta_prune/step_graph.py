# SPDX-License-Identifier: Apache-2.0
"""A training step as one launch.

A step is some thousand kernels, and a model this small is done with each before the next is
launched. A CUDA graph records them once and launches them together.

    graph = StepGraph(step, inputs)     # inputs: device tensors of the shapes of every later step
    parts = graph(inputs)               # copies them in, and runs the recorded step

The step must do the same kernels each time on the same memory: what differs between steps comes in
as an input. Run it as it is some times before, so that nothing is set up while it is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

# Steps to run before one is recorded.
WARM_UP_STEPS = 3


class StepGraph:
    """Not thread-safe. Recording runs nothing: the first call does the first step."""

    def __init__(
        self, step: Callable[[Sequence[Tensor]], dict[str, Tensor]], inputs: Sequence[Tensor]
    ) -> None:
        self._inputs = [value.clone() for value in inputs]
        self._graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize()
        with torch.cuda.graph(self._graph):
            self._outputs = step(self._inputs)

    def __call__(self, inputs: Sequence[Tensor]) -> dict[str, Tensor]:
        """The outputs are overwritten by the next call."""
        for kept, value in zip(self._inputs, inputs):
            kept.copy_(value, non_blocking=True)
        self._graph.replay()
        return self._outputs
