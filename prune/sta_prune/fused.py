# SPDX-License-Identifier: Apache-2.0
"""Makes one GPU kernel of a function's element-wise operations, each of which would read and write
all jobs' weights.

    @fused_on_gpu
    def update(weights: Tensor, ...) -> None: ...

On a CPU, and with a PyTorch that has no compiler, the function runs as it is written.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import torch
from torch import Tensor

# Numbers of jobs and shapes of matrices differ from stage to stage; each may be compiled anew.
MOST_VARIANTS = 64


def _compiled(function: Callable) -> Callable:
    config = torch._dynamo.config
    name = "recompile_limit" if hasattr(config, "recompile_limit") else "cache_size_limit"
    setattr(config, name, MOST_VARIANTS)
    return torch.compile(function)


def fused_on_gpu(function: Callable) -> Callable:
    """A decorator. The device is that of the function's first tensor."""
    compiled: list[Callable] = []

    @functools.wraps(function)
    def call(*arguments: object) -> object:
        tensor = next(value for value in arguments if isinstance(value, Tensor))
        if not tensor.is_cuda or not hasattr(torch, "compile"):
            return function(*arguments)
        if not compiled:
            compiled.append(_compiled(function))
        return compiled[0](*arguments)

    return call
