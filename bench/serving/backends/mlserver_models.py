# SPDX-License-Identifier: Apache-2.0
"""Runtimes for MLServer."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os

from encoder import OUTPUT, Encoder
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class IdentityModel(MLModel):
    """OUTPUT0 is INPUT0."""

    async def load(self) -> bool:
        """There is nothing to load."""
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Decodes and encodes, as any model would."""
        values = NumpyCodec.decode_input(payload.inputs[0])
        outputs = [NumpyCodec.encode_output("OUTPUT0", values)]
        return InferenceResponse(model_name=self.name, outputs=outputs)


class EncoderModel(MLModel):
    """Token ids to embeddings, `SERVING_RUNS` requests at a time."""

    async def load(self) -> bool:
        """Once, in the process that computes."""
        self._encoder = Encoder()
        self._threads = concurrent.futures.ThreadPoolExecutor(int(os.environ["SERVING_RUNS"]))
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """ONNX Runtime lets go of Python's lock, so other requests go on meanwhile."""
        inputs = {item.name: NumpyCodec.decode_input(item) for item in payload.inputs}
        loop = asyncio.get_running_loop()
        values = await loop.run_in_executor(self._threads, self._encoder.run, inputs)
        outputs = [NumpyCodec.encode_output(OUTPUT, values)]
        return InferenceResponse(model_name=self.name, outputs=outputs)
