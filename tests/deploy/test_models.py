# SPDX-License-Identifier: Apache-2.0
"""Models for many servers, as deploy/kubernetes/overlays/cpu has it: rclone copies what a bucket holds
to each server's store, at the start and again while it serves. The bucket is a folder here that
another rclone serves over WebDAV."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

import pytest
from tritonclient.grpc import service_pb2

from conditions import wait_until
from fleet import SERVICE_CONFIG, Fleet, FleetLoad, Replica, free_addresses
from metrics_page import samples, scrape, total


class Bucket:
    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        [address] = free_addresses(1)
        self._url = f"http://{address}"
        self._process = subprocess.Popen(["rclone", "serve", "webdav", folder, "--addr", address,
                                          "--dir-cache-time", "1ms"],
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self) -> Bucket:
        wait_until(lambda: self._run("lsf", "bucket:").returncode == 0, lambda: "no bucket")
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.terminate()
        self._process.wait()

    def _run(self, *arguments: object) -> subprocess.CompletedProcess:
        environment = {**os.environ, "RCLONE_CONFIG": "/nonexistent",
                       "RCLONE_CONFIG_BUCKET_TYPE": "webdav", "RCLONE_CONFIG_BUCKET_URL": self._url}
        return subprocess.run(["rclone", *map(str, arguments)], env=environment, capture_output=True,
                              text=True, check=False)

    def sync(self, store: pathlib.Path) -> None:
        done = self._run("sync", "bucket:", store)
        assert done.returncode == 0, done.stderr


def serves(replica: Replica, version: int) -> bool:
    return total(samples(scrape(replica.server)), "sta_model_state", state="READY",
                 version=str(version)) == 1


@pytest.fixture
def bucket(work, tmp_path):
    folder = tmp_path / "bucket"
    (folder / "minilm").mkdir(parents=True)
    shutil.copytree(work / "packages/2-8", folder / "minilm/1")
    with Bucket(folder) as served:
        yield served


def test_a_version_in_the_bucket_is_served_by_all_and_no_request_fails(bucket, work, tmp_path):
    binary = pathlib.Path(os.environ["STA_SERVER"])
    stores = [tmp_path / f"store{number}" for number in range(2)]
    for store in stores:
        bucket.sync(store)  # the init container
    fleet = Fleet([
        Replica(binary, ["--store", str(store), "--store-read-only", "true", "--store-poll", "200ms",
                         "--devices", "emulator:1"], address)
        for store, address in zip(stores, free_addresses(2))
    ])
    request = service_pb2.ModelInferRequest(model_name="minilm")
    tensor = request.inputs.add(name="text", datatype="BYTES", shape=[1])
    tensor.contents.bytes_contents.append(b"a few words")
    load = FleetLoad(fleet.target, SERVICE_CONFIG, request, callers=2, same_bits=False)
    with fleet, load:
        load.wait_for_more(20)
        shutil.copytree(work / "packages/1-8", bucket.folder / "minilm/2")
        for store in stores:
            bucket.sync(store)  # the container beside the server
        for replica in fleet.replicas:
            wait_until(lambda: serves(replica, 2), lambda: replica.server.log())
        load.wait_for_more(20)
        # The other way: what is taken out of the bucket is not served any more.
        shutil.rmtree(bucket.folder / "minilm/2")
        for store in stores:
            bucket.sync(store)
        for replica in fleet.replicas:
            wait_until(lambda: serves(replica, 1) and not serves(replica, 2),
                       lambda: replica.server.log())
        load.wait_for_more(20)
    assert load.failures == []
