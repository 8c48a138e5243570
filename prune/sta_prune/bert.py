# SPDX-License-Identifier: Apache-2.0
"""A post-LN BERT encoder with its heads, as functions of a dict of tensors.

Every tensor has a first dimension of jobs: `jobs` models of one shape run side by side, each with
its own weights, masks and data. A model this small leaves a GPU idle; thirty of them do not. On a
CPU there is one job. The maths are those of the converter's floating-point reference
(model_store/convert/float_encoder.cc).

Sequences are packed: a batch is [jobs, rows, row_tokens] of token ids, several sequences behind
each other in a row, and a token attends to the tokens of its own sequence only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from sta_prune.fused import fused_on_gpu

# By the names of a Hugging Face checkpoint without the prefix "bert."; [jobs, ...].
Parameters = dict[str, Tensor]
# Called with (name of a matrix, its input [jobs, tokens, in]) before the product.
InputTap = Callable[[str, Tensor], None]
# Called with (layer, place, values [jobs, tokens, width]); for calibration.
Tap = Callable[[int, str, Tensor], None]

LAYER_MATRICES = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
EMBEDDINGS = (
    "embeddings.word_embeddings.weight",
    "embeddings.position_embeddings.weight",
    "embeddings.token_type_embeddings.weight",
)


@dataclass(frozen=True)
class BertConfig:
    """What of config.json the maths need."""

    hidden_size: int
    intermediate_size: int
    layer_count: int
    head_count: int
    vocabulary_size: int
    max_positions: int
    token_types: int
    layer_norm_eps: float
    labels: int = 0  # of the classifier; 0: a sentence encoder

    @property
    def head_size(self) -> int:
        return self.hidden_size // self.head_count


@dataclass(frozen=True)
class Batch:
    """Packed sequences. ids, types, positions, sequences: int64 [jobs, rows, row_tokens];
    `sequences` numbers the sequences of a row from 0, -1 where there is no token. first: int64
    [jobs, slots], the place of each sequence's first token among rows x row_tokens; valid: bool
    [jobs, slots]; labels: float [jobs, slots]; examples: int64 [jobs, slots], the number of each in
    its data."""

    ids: Tensor
    types: Tensor
    positions: Tensor
    sequences: Tensor
    first: Tensor
    valid: Tensor
    labels: Tensor
    examples: Tensor

    def to(self, device: torch.device | str) -> Batch:
        """Copies to a GPU do not wait for what runs there."""
        is_upload = torch.device(device).type == "cuda" and not self.ids.is_cuda
        values = {n: v.pin_memory() if is_upload else v for n, v in vars(self).items()}
        return Batch(**{n: v.to(device, non_blocking=is_upload) for n, v in values.items()})

    def of_jobs(self, index: Tensor) -> Batch:
        """The jobs of these numbers; some may come more than once."""
        return Batch(**{name: value[index] for name, value in vars(self).items()})


def matrix_names(config: BertConfig) -> list[str]:
    """The matrices that are pruned, in the order in which they run."""
    return [
        f"encoder.layer.{layer}.{matrix}.weight"
        for layer in range(config.layer_count)
        for matrix in LAYER_MATRICES
    ]


def _wide(x: Tensor) -> Tensor:
    """For sums that would lose too much in bfloat16."""
    return x if x.dtype == torch.float64 else x.float()


@fused_on_gpu
def _layer_norm(x: Tensor, gain: Tensor, bias: Tensor, eps: float) -> Tensor:
    normal = functional.layer_norm(_wide(x), x.shape[-1:], eps=eps).to(x.dtype)
    return normal * gain.unsqueeze(1).to(x.dtype) + bias.unsqueeze(1).to(x.dtype)


def layer_norm(x: Tensor, parameters: Parameters, name: str, eps: float) -> Tensor:
    """x: [jobs, tokens, hidden]."""
    return _layer_norm(x, parameters[f"{name}.weight"], parameters[f"{name}.bias"], eps)


def linear(x: Tensor, parameters: Parameters, name: str) -> Tensor:
    """[jobs, tokens, in] to [jobs, tokens, out]."""
    weight = parameters[f"{name}.weight"].to(x.dtype)
    bias = parameters[f"{name}.bias"].to(x.dtype)
    return torch.baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2))


def split_heads(x: Tensor, rows: int, heads: int) -> Tensor:
    """[jobs, rows x row_tokens, hidden] to [jobs, rows, heads, row_tokens, head_size]."""
    jobs, tokens, hidden = x.shape
    return x.view(jobs, rows, tokens // rows, heads, hidden // heads).transpose(2, 3)


def join_heads(x: Tensor) -> Tensor:
    """The inverse of split_heads."""
    jobs, rows, heads, row_tokens, head_size = x.shape
    return x.transpose(2, 3).reshape(jobs, rows * row_tokens, heads * head_size)


def attention_mask(sequences: Tensor) -> Tensor:
    """[jobs, rows, row_tokens] to bool [jobs, rows, 1, row_tokens, row_tokens]: who sees whom.
    Empty places see each other, so that no row of the softmax is empty."""
    return (sequences.unsqueeze(-1) == sequences.unsqueeze(-2)).unsqueeze(2)


def embed(parameters: Parameters, batch: Batch) -> Tensor:
    """[jobs, tokens, hidden] before the LayerNorm. Embedding tables may have one job for all."""
    jobs = batch.ids.shape[0]

    def rows_of(name: str, index: Tensor) -> Tensor:
        table = parameters[name]
        index = index.reshape(jobs, -1)
        if table.shape[0] == 1:
            return functional.embedding(index, table[0])
        return torch.stack([functional.embedding(index[job], table[job]) for job in range(jobs)])

    word, position, token_type = EMBEDDINGS
    total = rows_of(word, batch.ids) + rows_of(position, batch.positions)
    if token_type in parameters:
        total = total + rows_of(token_type, batch.types)
    return total


@dataclass(frozen=True)
class Dropout:
    """Chances that a number is dropped; 0 in all but training without distillation."""

    hidden: float = 0.0
    attention: float = 0.0


def attend(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, heads: int, dropout: float = 0.0
) -> Tensor:
    """softmax(q k^T / sqrt(d)) v by head; q, k, v: [jobs, tokens, hidden], mask: attention_mask."""
    rows = mask.shape[1]
    query, key, value = (split_heads(x, rows, heads) for x in (query, key, value))
    if query.is_cuda and hasattr(functional, "scaled_dot_product_attention"):
        fused = functional.scaled_dot_product_attention(
            *(x.flatten(0, 1) for x in (query, key, value, mask)), dropout_p=dropout
        )
        return join_heads(fused.unflatten(0, (-1, rows)))
    scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
    shares = _wide(scores).masked_fill(~mask, -math.inf).softmax(-1).to(value.dtype)
    if dropout:
        shares = functional.dropout(shares, dropout)
    return join_heads(shares @ value)


def encode(
    parameters: Parameters,
    config: BertConfig,
    batch: Batch,
    *,
    dropout: Dropout = Dropout(),
    dtype: torch.dtype = torch.float32,
    input_tap: InputTap | None = None,
    tap: Tap | None = None,
) -> list[Tensor]:
    """Hidden states behind the embeddings and behind each layer, each [jobs, tokens, hidden]."""
    mask = attention_mask(batch.sequences)
    eps = config.layer_norm_eps

    def drop(x: Tensor) -> Tensor:
        return functional.dropout(x, dropout.hidden) if dropout.hidden else x

    def product(x: Tensor, name: str) -> Tensor:
        if input_tap is not None:
            input_tap(f"{name}.weight", x)
        return linear(x, parameters, name)

    def record(place: str, x: Tensor) -> Tensor:
        if tap is not None:
            tap(layer, place, x)
        return x

    x = layer_norm(embed(parameters, batch), parameters, "embeddings.LayerNorm", eps)
    x = drop(x).to(dtype)
    states = [x]
    for layer in range(config.layer_count):
        prefix = f"encoder.layer.{layer}"
        attention = f"{prefix}.attention"
        record("attention_input", x)
        query = record("query", product(x, f"{attention}.self.query"))
        key = record("key", product(x, f"{attention}.self.key"))
        value = record("value", product(x, f"{attention}.self.value"))
        context = attend(query, key, value, mask, config.head_count, dropout.attention)
        record("context", context)
        o = record("attention_output", product(context, f"{attention}.output.dense"))
        total = record("attention_sum", x + drop(o))
        h = record(
            "intermediate_input",
            layer_norm(total, parameters, f"{attention}.output.LayerNorm", eps),
        )
        gelu = functional.gelu(product(h, f"{prefix}.intermediate.dense"))
        record("gelu_output", gelu)
        f = record("output", product(gelu, f"{prefix}.output.dense"))
        total = record("output_sum", h + drop(f))
        x = layer_norm(total, parameters, f"{prefix}.output.LayerNorm", eps)
        states.append(x)
    record("final", x)
    return states


def classify(parameters: Parameters, hidden: Tensor, batch: Batch, dropout: float = 0.0) -> Tensor:
    """The first token of each sequence through pooler (tanh) and classifier, as the server does it.

    hidden: [jobs, tokens, hidden]; result: float32 [jobs, slots, labels].
    """
    index = batch.first.unsqueeze(-1).expand(-1, -1, hidden.shape[-1])
    first = hidden.gather(1, index).float()
    pooled = linear(first, parameters, "pooler.dense").tanh()
    if dropout:
        pooled = functional.dropout(pooled, dropout)
    return linear(pooled, parameters, "classifier")


def mean_pool(hidden: Tensor, batch: Batch) -> Tensor:
    """The mean of each sequence's tokens, float32 [jobs, slots, hidden], not normalized."""
    jobs, slots = batch.first.shape
    row_tokens = batch.sequences.shape[-1]
    # A sequence is named by its row and its number in the row; slots say where each begins.
    place = batch.first // row_tokens
    number = batch.sequences.reshape(jobs, -1).gather(1, batch.first)
    rows = torch.arange(batch.sequences[0].numel(), device=hidden.device) // row_tokens
    token_number = batch.sequences.reshape(jobs, 1, -1)
    belongs = (place.unsqueeze(-1) == rows) & (number.unsqueeze(-1) == token_number)
    share = belongs.float() / belongs.sum(-1, keepdim=True).clamp(min=1)
    return share @ hidden.float()
