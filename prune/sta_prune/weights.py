# SPDX-License-Identifier: Apache-2.0
"""The trainable numbers of some jobs in one flat tensor, with their masks and the optimizer.

One buffer [jobs, numbers] makes an optimizer step a handful of operations on a GPU, whatever the
number of tensors. `values` and `masks` are views into it by name.
"""

from __future__ import annotations

import warnings

import torch
from torch import Tensor

from sta_prune.bert import EMBEDDINGS, Parameters
from sta_prune.masks import straight_through

BETAS = (0.9, 0.999)
EPSILON = 1e-8
LARGEST_GRADIENT_NORM = 1.0

# Gradients are views into the flat buffer and so not contiguous where there are several jobs. They
# are added to in place all the same; PyTorch says once that this may be slow.
warnings.filterwarnings("ignore", message="grad and param do not obey the gradient layout")


class TrainableWeights:
    """Weights of `jobs` models, Adam's moments and N:M masks; embedding tables stay frozen.

    Everything that training changes is in `state()`: with it, training goes on with the same bits.
    """

    def __init__(self, parameters: Parameters, matrices: list[str], device: torch.device) -> None:
        """parameters: by name, [jobs, ...] all; copied."""
        self.frozen = {
            name: value.detach().to(device)
            for name, value in parameters.items()
            if name in EMBEDDINGS
        }
        trained = {n: v for n, v in sorted(parameters.items()) if n not in EMBEDDINGS}
        jobs = next(iter(trained.values())).shape[0]
        flat = torch.cat([v.detach().float().reshape(jobs, -1) for v in trained.values()], 1)
        self.flat = flat.to(device).contiguous()
        self._gradient = torch.zeros_like(self.flat)
        self._mean = torch.zeros_like(self.flat)
        self._square = torch.zeros_like(self.flat)
        self._mask = torch.ones_like(self.flat, dtype=torch.bool)
        self.updates = 0
        self.values: Parameters = {}
        self.masks: dict[str, Tensor] = {}
        begin = 0
        for name, value in trained.items():
            shape, end = value.shape, begin + value[0].numel()
            view = self.flat[:, begin:end].view(shape).detach().requires_grad_()
            # Backward adds into a gradient that is there already, so into the flat buffer.
            view.grad = self._gradient[:, begin:end].view(shape)
            self.values[name] = view
            if name in matrices:
                self.masks[name] = self._mask[:, begin:end].view(shape)
            begin = end

    @property
    def jobs(self) -> int:
        return self.flat.shape[0]

    def masked(self) -> Parameters:
        """What the model computes with; gradients of pruned weights go straight through."""
        result = {**self.frozen, **self.values}
        for name, mask in self.masks.items():
            result[name] = straight_through(self.values[name], mask)
        return result

    def exported(self) -> Parameters:
        """The same without gradients, zeros in place, detached copies; [jobs, ...]."""
        with torch.no_grad():
            result = {name: value.detach().clone() for name, value in self.values.items()}
            for name, mask in self.masks.items():
                result[name] *= mask
        return {**self.frozen, **result}

    def zero_gradient(self) -> None:
        self._gradient.zero_()

    @torch.no_grad()
    def update(self, rates: Tensor, decays: Tensor) -> None:
        """One step of Adam; rates, decays: [jobs]. Gradients are clipped to a norm of 1 by job;
        pruned weights lose the share `decays`."""
        self.updates += 1
        norm = self._gradient.norm(dim=1, keepdim=True)
        self._gradient *= (LARGEST_GRADIENT_NORM / (norm + 1e-12)).clamp(max=1.0)
        first, second = BETAS
        self._mean.lerp_(self._gradient, 1 - first)
        self._square.mul_(second).addcmul_(self._gradient, self._gradient, value=1 - second)
        correction = (1 - second**self.updates) ** 0.5
        scale = rates.unsqueeze(1) * correction / (1 - first**self.updates)
        step = self._mean / (self._square.sqrt() + EPSILON * correction)
        self.flat -= scale * step
        self.flat -= decays.unsqueeze(1) * self.flat * ~self._mask

    def state(self) -> dict[str, Tensor | int]:
        return {
            "flat": self.flat,
            "mean": self._mean,
            "square": self._square,
            "mask": self._mask,
            "updates": self.updates,
        }

    @torch.no_grad()
    def load_state(self, state: dict[str, Tensor | int]) -> None:
        for name, target in self.state().items():
            kept = state[name]
            if isinstance(target, Tensor) and isinstance(kept, Tensor):
                target.copy_(kept)
        self.updates = int(state["updates"])
