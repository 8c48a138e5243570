# SPDX-License-Identifier: Apache-2.0
"""Three servers of one model behind a name server, as behind a headless service of Kubernetes, and a
client that balances itself: what does it cost to lose one, to replace all, to add one?

Every server has an address of 127.0.0.0/8 of its own, so that the machine is the cluster: they share
its processors. Fails where a request fails; and where none does without the retry policy, as then
nothing was shown.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from tritonclient.grpc import service_pb2

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests/system"))

from conditions import wait_until  # noqa: E402
from fleet import (  # noqa: E402
    SERVICE_CONFIG,
    WITHOUT_RETRIES,
    Fleet,
    FleetLoad,
    Replica,
    answered,
    free_addresses,
)

NAME = "sta-servers.sta.svc"
# What a pod waits between being taken from the name server and SIGTERM: preStop.
PRE_STOP_S = 2
CONNECTION_AGE_S = 2
TEXT = b"The kitten is napping in the sun, and nobody knows for how long it will."


class NameServer:
    """dnsmasq (Debian package dnsmasq-base) with one name, whose addresses change."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._hosts = folder / "hosts"
        self._hosts.touch()
        self.address = free_addresses(1)[0]
        self._process = subprocess.Popen(
            ["/usr/sbin/dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts",
             "--conf-file=/dev/null", f"--port={self.address.split(':')[1]}", "--listen-address=127.0.0.1", "--bind-interfaces",
             f"--addn-hosts={self._hosts}", "--local-ttl=0", "--user=root", "--pid-file"],
            stderr=subprocess.DEVNULL)

    def __enter__(self) -> NameServer:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.terminate()
        self._process.wait()

    def set(self, replicas: list[Replica]) -> None:
        self._hosts.write_text("".join(f"{replica.address.split(':')[0]} {NAME}\n"
                                       for replica in replicas))
        self._process.send_signal(signal.SIGHUP)


@dataclasses.dataclass
class Cluster:
    names: NameServer
    fleet: Fleet
    make: Callable[[], Replica]

    def publish(self) -> None:
        self.names.set(self.fleet.replicas)

    def load(self, service_config: dict) -> FleetLoad:
        port = self.fleet.replicas[0].address.split(":")[1]
        return FleetLoad(f"dns://{self.names.address}/{NAME}:{port}", service_config, request(),
                         options=(("grpc.dns_min_time_between_resolutions_ms", 500),))

    def wait_until_each_answers(self) -> None:
        before = {id(replica): answered(replica) for replica in self.fleet.replicas}
        wait_until(lambda: all(answered(replica) > before[id(replica)]
                               for replica in self.fleet.replicas),
                   lambda: f"answered: {[answered(replica) for replica in self.fleet.replicas]}")


def request() -> service_pb2.ModelInferRequest:
    made = service_pb2.ModelInferRequest(model_name="minilm")
    tensor = made.inputs.add(name="text", datatype="BYTES", shape=[1])
    tensor.contents.bytes_contents.append(TEXT)
    return made


def steady(cluster: Cluster, load: FleetLoad) -> None:
    time.sleep(5)


def kill(cluster: Cluster, load: FleetLoad) -> None:
    victim = cluster.fleet.replicas[0]
    victim.kill()
    time.sleep(2)
    cluster.names.set(cluster.fleet.replicas[1:])  # as a cluster notices, after a while
    victim.start()
    cluster.publish()
    cluster.wait_until_each_answers()


def roll(cluster: Cluster, load: FleetLoad) -> None:
    for old in list(cluster.fleet.replicas):
        new = cluster.make()
        new.start()
        cluster.fleet.replicas.append(new)
        cluster.publish()
        cluster.fleet.replicas.remove(old)
        cluster.publish()
        time.sleep(PRE_STOP_S)
        status = old.drain()
        if status != 0:
            load.failures.append(f"a server that drained ended with {status}")
    cluster.wait_until_each_answers()


def grow(cluster: Cluster, load: FleetLoad) -> None:
    new = cluster.make()
    new.start()
    cluster.fleet.replicas.append(new)
    cluster.publish()
    cluster.wait_until_each_answers()


# What happens, by which service configuration, whether requests may fail.
PHASES = (
    ("nothing happens", steady, SERVICE_CONFIG, False),
    ("one of three is killed", kill, SERVICE_CONFIG, False),
    ("all three are replaced", roll, SERVICE_CONFIG, False),
    ("a fourth is added", grow, SERVICE_CONFIG, False),
    ("one is killed, no retry policy", kill, WITHOUT_RETRIES, True),
)


def row(name: str, load: FleetLoad) -> str:
    times = sorted(seconds for _, seconds in load.latencies_s)
    span_s = load.latencies_s[-1][0] - load.latencies_s[0][0]
    at = lambda share: 1000 * times[min(len(times) - 1, int(share * len(times)))]  # noqa: E731
    return (f"| {name} | {len(times)} | {len(load.failures)} | {len(times) / span_s:.0f} "
            f"| {at(0.5):.1f} | {at(0.99):.1f} | {1000 * times[-1]:.0f} |")


def run_phases(cluster: Cluster) -> bool:
    print("| what happens | requests | failed | a second | p50, ms | p99, ms | longest, ms |\n"
          "|---|---|---|---|---|---|---|")
    good = True
    for name, act, service_config, may_fail in PHASES:
        with cluster.load(service_config) as load:
            cluster.wait_until_each_answers()
            act(cluster, load)
        print(row(name, load), flush=True)
        if bool(load.failures) != may_fail:
            good = False
            print(f"{name}: {load.failures[:3] or 'nothing failed'}", file=sys.stderr)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", type=pathlib.Path, required=True, help="sta-server")
    parser.add_argument("--package", type=pathlib.Path, required=True, help="of a text model")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shutil.copytree(options.package, folder / "store/minilm/1")
        port = free_addresses(1)[0].split(":")[1]
        hosts = iter(range(11, 250))
        arguments = ["--store", str(folder / "store"), "--store-read-only", "true", "--devices",
                     "emulator:1", "--connection-age", f"{CONNECTION_AGE_S}s"]

        def make() -> Replica:
            return Replica(options.server, arguments, f"127.0.0.{next(hosts)}:{port}")

        names = stack.enter_context(NameServer(folder))
        fleet = stack.enter_context(Fleet([make() for _ in range(3)]))
        cluster = Cluster(names, fleet, make)
        cluster.publish()
        return 0 if run_phases(cluster) else 1


if __name__ == "__main__":
    sys.exit(main())
