# SPDX-License-Identifier: Apache-2.0
"""Does one attack again and again until standard input ends: attacker.py NAME ADDRESS TOKEN."""

from __future__ import annotations

import sys
import threading

from tritonclient.grpc import service_pb2

from attacks import ATTACKS, Target

PAUSE_S = 0.25


def text_request(rows: int, outputs: tuple[str, ...] = ()) -> bytes:
    request = service_pb2.ModelInferRequest(model_name="minilm")
    tensor = request.inputs.add(name="text", datatype="BYTES", shape=[rows])
    tensor.contents.bytes_contents.extend([b"hello"] * rows)
    for name in outputs:
        request.outputs.add(name=name)
    return request.SerializeToString()


def main() -> None:
    name, address, token = sys.argv[1:]
    # Not much to compute: that is the batcher's to share out.
    target = Target(
        address, text_request(1), text_request(8, ("last_hidden_state",)),
        (("authorization", f"Bearer {token}"),),
    )
    stop = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    print("begins", flush=True)
    while not stop.is_set():
        with ATTACKS[name].begin(target):
            stop.wait(PAUSE_S)


if __name__ == "__main__":
    main()
