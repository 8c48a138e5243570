# SPDX-License-Identifier: Apache-2.0
"""KServe's model server with the model that --model_name names: identity or encoder."""

from __future__ import annotations

import argparse
import asyncio
import concurrent.futures
import os

import kserve
from encoder import OUTPUT, Encoder
from kserve.protocol.infer_type import InferOutput, InferRequest, InferResponse


def _response(request: InferRequest, name: str, values: object) -> InferResponse:
    output = InferOutput(name=name, shape=list(values.shape), datatype="FP32")
    output.set_data_from_numpy(values, binary_data=True)
    return InferResponse(
        model_name=request.model_name, infer_outputs=[output], response_id=request.id
    )


class IdentityModel(kserve.Model):
    """OUTPUT0 is INPUT0."""

    async def predict(self, payload: InferRequest, headers=None, response_headers=None):
        """Decodes and encodes, as any model would."""
        return _response(payload, "OUTPUT0", payload.inputs[0].as_numpy())


class EncoderModel(kserve.Model):
    """Token ids to embeddings, `SERVING_RUNS` requests at a time."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._encoder = Encoder()
        self._threads = concurrent.futures.ThreadPoolExecutor(int(os.environ["SERVING_RUNS"]))

    async def predict(self, payload: InferRequest, headers=None, response_headers=None):
        """ONNX Runtime lets go of Python's lock, so other requests go on meanwhile."""
        inputs = {item.name: item.as_numpy() for item in payload.inputs}
        loop = asyncio.get_running_loop()
        values = await loop.run_in_executor(self._threads, self._encoder.run, inputs)
        return _response(payload, OUTPUT, values)


def main() -> None:
    """Serves until it is told to end."""
    parser = argparse.ArgumentParser(parents=[kserve.model_server.parser])
    arguments, _ = parser.parse_known_args()
    kind = EncoderModel if arguments.model_name == "encoder" else IdentityModel
    model = kind(arguments.model_name)
    model.ready = True
    server = kserve.ModelServer(
        http_port=arguments.http_port,
        grpc_port=arguments.grpc_port,
        enable_latency_logging=False,  # a line a request, which none of the others writes
    )
    server.start([model])


if __name__ == "__main__":
    main()
