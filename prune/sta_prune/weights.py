# SPDX-License-Identifier: Apache-2.0
"""The trainable numbers of some jobs in one flat tensor, with their masks and the optimizer.

One buffer [jobs, numbers] makes an optimizer step a handful of operations on a GPU, whatever the
number of tensors. Pruned matrices come first, in their order. `values` and `masks` are views into
it by name.
"""

from __future__ import annotations

import warnings

import torch
from torch import Tensor

from sta_prune.bert import EMBEDDINGS, Parameters
from sta_prune.fused import fused_on_gpu
from sta_prune.masks import straight_through

BETAS = (0.9, 0.999)
EPSILON = 1e-8
LARGEST_GRADIENT_NORM = 1.0

# Gradients are views into the flat buffer and so not contiguous where there are several jobs. They
# are added to in place all the same; PyTorch says once that this may be slow.
warnings.filterwarnings("ignore", message="grad and param do not obey the gradient layout")


@fused_on_gpu
def _adam_step(
    flat: Tensor,
    gradient: Tensor,
    mean: Tensor,
    square: Tensor,
    mask: Tensor,
    clip: Tensor,
    scale: Tensor,
    epsilon: Tensor,
    decay: Tensor,
) -> None:
    """In place. clip, scale, decay: [jobs, 1]; the others but epsilon: [jobs, numbers]."""
    first, second = BETAS
    clipped = gradient * clip
    mean.lerp_(clipped, 1 - first)
    square.mul_(second).addcmul_(clipped, clipped, value=1 - second)
    flat.sub_(scale * (mean / (square.sqrt() + epsilon)))
    flat.sub_(decay * flat * ~mask)


class TrainableWeights:
    """Weights of `jobs` models, Adam's moments and N:M masks; embedding tables stay frozen.

    Everything that training changes is in `state()`: with it, training goes on with the same bits.
    """

    def __init__(self, parameters: Parameters, matrices: list[str], device: torch.device) -> None:
        """parameters: by name, [jobs, ...] all; copied. matrices: names of those that masks are
        for."""
        self.frozen = {
            name: value.detach().to(device)
            for name, value in parameters.items()
            if name in EMBEDDINGS
        }
        others = sorted(n for n in parameters if n not in EMBEDDINGS and n not in matrices)
        trained = {name: parameters[name] for name in [*matrices, *others]}
        jobs = next(iter(trained.values())).shape[0]
        pieces = [v.detach().to(device).float().reshape(jobs, -1) for v in trained.values()]
        self.flat = torch.cat(pieces, 1)
        self._gradient = torch.zeros_like(self.flat)
        self._mean = torch.zeros_like(self.flat)
        self._square = torch.zeros_like(self.flat)
        self.mask = torch.ones_like(self.flat, dtype=torch.bool)
        self.updates = 0
        self.values: Parameters = {}
        self.masks: dict[str, Tensor] = {}
        self._ends: dict[str, int] = {}  # where each matrix ends in the flat buffer
        begin = 0
        for name, value in trained.items():
            shape, end = value.shape, begin + value[0].numel()
            view = self.flat[:, begin:end].view(shape).detach().requires_grad_()
            # Backward adds into a gradient that is there already, so into the flat buffer.
            view.grad = self._gradient[:, begin:end].view(shape)
            self.values[name] = view
            if name in matrices:
                self.masks[name] = self.mask[:, begin:end].view(shape)
                self._ends[name] = end
            begin = end
        self._of_matrices = slice(0, max(self._ends.values()))

    @property
    def jobs(self) -> int:
        return self.flat.shape[0]

    def masked(self, dtype: torch.dtype = torch.float32) -> Parameters:
        """What the model computes with, its pruned matrices in `dtype`; gradients of pruned weights
        go straight through."""
        part = self._of_matrices
        computed = straight_through(
            self.flat[:, part].detach().requires_grad_(),
            self.mask[:, part],
            self._gradient[:, part],
            dtype,
        )
        sizes = [self.values[name][0].numel() for name in self._ends]
        matrices = {
            name: piece.view(self.values[name].shape)
            for name, piece in zip(self._ends, computed.split(sizes, dim=1))
        }
        return {**self.frozen, **self.values, **matrices}

    def span(self, first: str, last: str) -> slice:
        """Where the matrices from `first` to `last`, in their order, lie in `flat`."""
        return slice(self._ends[first] - self.values[first][0].numel(), self._ends[last])

    def exported(self) -> Parameters:
        """The same without gradients, zeros in place, detached copies; [jobs, ...]."""
        with torch.no_grad():
            result = {name: value.detach().clone() for name, value in self.values.items()}
            for name, mask in self.masks.items():
                result[name] *= mask
        return {**self.frozen, **result}

    def zero_gradient(self) -> None:
        self._gradient.zero_()

    def begin_update(self) -> tuple[float, float]:
        """Counts one step of Adam; what it takes its rate and its epsilon times."""
        self.updates += 1
        first, second = (1 - beta**self.updates for beta in BETAS)
        return second**0.5 / first, second**0.5

    @torch.no_grad()
    def update(self, rates: Tensor, decays: Tensor, corrections: Tensor) -> None:
        """One step of Adam; rates, decays: [jobs]; corrections: [2], begin_update()'s, as a
        tensor, so that a recorded step can be run again with others. Gradients are clipped to a
        norm of 1 by job; pruned weights lose the share `decays`."""
        norm = self._gradient.norm(dim=1, keepdim=True)
        clip = (LARGEST_GRADIENT_NORM / (norm + 1e-12)).clamp(max=1.0)
        _adam_step(
            self.flat, self._gradient, self._mean, self._square, self.mask, clip,
            (rates * corrections[0]).unsqueeze(1), EPSILON * corrections[1], decays.unsqueeze(1),
        )  # fmt: skip

    def state(self) -> dict[str, Tensor | int]:
        return {
            "flat": self.flat,
            "mean": self._mean,
            "square": self._square,
            "mask": self.mask,
            "updates": self.updates,
        }

    @torch.no_grad()
    def load_state(self, state: dict[str, Tensor | int]) -> None:
        for name, target in self.state().items():
            kept = state[name]
            if isinstance(target, Tensor) and isinstance(kept, Tensor):
                target.copy_(kept)
        self.updates = int(state["updates"])
