# SPDX-License-Identifier: Apache-2.0
"""Scores of a deployed package, through the server's gRPC with Triton's Python client."""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from sta_prune.evaluation import check_kind, similarity_scores
from sta_prune.tasks import Examples, Task

ROWS_PER_REQUEST = 32


class ServedModel:
    """A model of a running server.

    with ServedModel("127.0.0.1:8001", "sst2", "p2-8") as model:
        scores = model.evaluate(task, examples)

    version: a number or an alias; "" is what requests without one get. Raises what the client raises: tritonclient.utils.InferenceServerException.
    """

    def __init__(self, address: str, name: str, version: str = "") -> None:
        try:
            import tritonclient.grpc as triton
        except ImportError as error:
            raise RuntimeError("asking a server needs the package tritonclient[grpc]") from error
        self._triton = triton
        self._client = triton.InferenceServerClient(address)
        self._name = name
        self._version = version
        metadata = self._client.get_model_metadata(name, version)
        self._outputs = {output.name for output in metadata.outputs}

    def __enter__(self) -> ServedModel:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    def _ask(self, texts: Sequence[str], pairs: Sequence[str] | None, output: str) -> numpy.ndarray:
        def tensor(name: str, rows: Sequence[str]) -> object:
            made = self._triton.InferInput(name, [len(rows)], "BYTES")
            made.set_data_from_numpy(numpy.array([row.encode() for row in rows], dtype=object))
            return made

        parts = []
        for begin in range(0, len(texts), ROWS_PER_REQUEST):
            rows = slice(begin, begin + ROWS_PER_REQUEST)
            inputs = [tensor("text", texts[rows])]
            if pairs is not None:
                inputs.append(tensor("text_pair", pairs[rows]))
            wanted = [self._triton.InferRequestedOutput(output)]
            answer = self._client.infer(self._name, inputs, self._version, outputs=wanted)
            parts.append(answer.as_numpy(output))
        return numpy.concatenate(parts)

    def embed(self, texts: Sequence[str]) -> numpy.ndarray:
        """Sentence embeddings, [texts, hidden]."""
        return self._ask(texts, None, "sentence_embedding")

    def evaluate(self, task: Task, examples: Examples) -> dict[str, float]:
        """Scores by metric, as evaluate_model gives them for a directory."""
        if "logits" in self._outputs:
            return task.score(examples.labels, self._ask(examples.texts, examples.pairs, "logits"))
        check_kind(task, ())
        first, second = self.embed(examples.texts), self.embed(examples.pairs or ())
        return similarity_scores(task, examples.labels, first, second)
