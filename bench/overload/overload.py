# SPDX-License-Identifier: Apache-2.0
"""Asks a server for more than it can do, and compares what comes of it with what should.

bench/overload/run.sh builds what this needs and calls it; its --help says what is measured. Only
Python's own library is used.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))
from background import Background  # noqa: E402

CALLERS = 32
# Words a request: 16 to 128 tokens, and a third of them more than the words.
MIXED_LENGTHS = "uniform:12:95"
START_TIMEOUT_S = 60
SAMPLE_PAUSE_S = 0.2


@dataclasses.dataclass(frozen=True)
class Figure:
    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def is_met(self) -> bool:
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)

    def line(self) -> str:
        bound = ""
        if self.at_least is not None:
            bound = f"at least {self.at_least:g}"
        if self.at_most is not None:
            bound = f"at most {self.at_most:g}"
        verdict = "" if not bound else ("met" if self.is_met else "NOT MET")
        return f"{self.name:<44}{self.value:>12.2f} {self.unit:<12}{bound:<16}{verdict}".rstrip()


def halves(processors: list[int]) -> tuple[list[int], list[int]]:
    """Those of the server and those of its clients, who would otherwise take from it: an open loop
    at three times a capacity computes much. A single processor they share."""
    if len(processors) == 1:
        return processors, processors
    return processors[: len(processors) // 2], processors[len(processors) // 2 :]


def on(processors: list[int]) -> list[str]:
    """The beginning of a command that runs there."""
    return ["taskset", "--cpu-list", ",".join(map(str, processors))]


class Server:
    """A sta-server process on free ports: with Server(...) as server."""

    def __init__(self, binary: str, store: str, processors: list[int]) -> None:
        self._folder = tempfile.TemporaryDirectory()
        ports = pathlib.Path(self._folder.name) / "ports"
        self._log = open(pathlib.Path(self._folder.name) / "log", "w+")
        self._process = subprocess.Popen(
            [*on(processors), binary, "--store", store, "--listen", "127.0.0.1:0",
             "--metrics", "127.0.0.1:0", "--http-listen", "off", "--ports-file", str(ports)],
            stderr=self._log,
        )
        self._wait_until_ready()
        addresses = dict(line.split("=", 1) for line in ports.read_text().split())
        self.address = addresses["grpc"]
        self._metrics = addresses["metrics"]

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + START_TIMEOUT_S
        while True:
            self._log.seek(0)
            log = self._log.read()
            if '"event":"ready"' in log and '"event":"listening"' in log:
                return
            if self._process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"the server does not serve; its log:\n{log}")
            time.sleep(SAMPLE_PAUSE_S)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._log.close()
        self._folder.cleanup()

    def memory_bytes(self) -> int:
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE).group(1)) * 1024

    def metric(self, name: str, label: str = "") -> float:
        """The sum of the samples of this name that have this label."""
        with urllib.request.urlopen(f"http://{self._metrics}/metrics", timeout=30) as page:
            lines = page.read().decode().splitlines()
        return sum(
            float(line.rsplit(" ", 1)[1])
            for line in lines
            if re.match(rf"{name}[{{ ]", line) and label in line
        )


class MemoryWatch(Background):
    """The least and the most resident memory while it is entered."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server
        self.samples: list[int] = []
        self.add_thread(self._run)

    def _run(self) -> None:
        while not self.stop.wait(SAMPLE_PAUSE_S):
            self.samples.append(self._server.memory_bytes())


class Bench:
    def __init__(self, stactl: str, server: Server, seconds: float, processors: list[int]) -> None:
        self._stactl = stactl
        self._server = server
        self._seconds = seconds
        self._processors = processors

    def run(self, *arguments: str, warm_up_s: float = 2.0, timeout: str = "30s") -> dict:
        """One load of stactl bench, as its --json has it."""
        command = [
            *on(self._processors), self._stactl, "bench", "--json",
            "--server", self._server.address, "--timeout", timeout,
            "--duration", f"{self._seconds}s", "--warm-up", f"{warm_up_s}s",
            *arguments,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, check=False, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: {done.stderr}")
        return json.loads(done.stdout)["runs"][0]


def error_count(run: dict, code: str = "") -> int:
    return sum(count for name, count in run["errors"].items() if code in ("", name))


def overload_figures(bench: Bench, server: Server) -> list[Figure]:
    mixed = ["--lengths", MIXED_LENGTHS]
    capacity = bench.run(*mixed, "--concurrency", str(CALLERS))
    rate = capacity["requests_per_second"]
    most = bench.run(*mixed, "--rate", f"{0.8 * rate:.1f}")
    with MemoryWatch(server) as memory:
        overload = bench.run(*mixed, "--rate", f"{3 * rate:.1f}")
    after = bench.run(*mixed, "--rate", f"{0.8 * rate:.1f}", warm_up_s=1.0)
    half = len(memory.samples) // 2
    growth = max(memory.samples[half:]) / max(memory.samples[:half])
    refused_after = error_count(after) / (after["requests"] + error_count(after))
    return [
        Figure("capacity, closed loop of 32", rate, "requests/s"),
        Figure("errors meanwhile", error_count(capacity), "", at_most=0),
        Figure("p99 at 80 %", most["p99_us"] / 1000, "ms"),
        Figure("refused at 80 %", 100 * error_count(most) / most["requests"], "%", at_most=1),
        Figure("goodput at 3x", overload["requests_per_second"], "requests/s"),
        Figure("goodput at 3x to capacity", overload["requests_per_second"] / rate, "",
               at_least=0.95),
        Figure("p99 of what was answered at 3x", overload["p99_us"] / 1000, "ms"),
        Figure("that to p99 at 80 %", overload["p99_us"] / most["p99_us"], "", at_most=2),
        Figure("errors at 3x other than refusals",
               error_count(overload) - error_count(overload, "RESOURCE_EXHAUSTED"), "", at_most=0),
        Figure("most memory at 3x", max(memory.samples) / 1e6, "MB"),
        Figure("second half to the first", growth, "", at_most=1.05),
        Figure("p99 at 80 %, 1 s after", after["p99_us"] / 1000, "ms"),
        Figure("refused, 1 s after", 100 * refused_after, "%", at_most=1),
    ]  # fmt: skip


def medians(rounds: list[list[Figure]]) -> list[Figure]:
    """Of each figure over rounds, in each of which all loads had the machine as it was then."""
    return [
        dataclasses.replace(same[0], value=statistics.median(figure.value for figure in same))
        for same in zip(*rounds, strict=True)
    ]


def deadline_figures(bench: Bench, server: Server) -> list[Figure]:
    # One caller, long requests: what takes how long is known.
    load = ["--lengths", "fixed:200", "--rows", "32", "--concurrency", "1"]
    alone = bench.run(*load)
    late_before = server.metric("sta_rejected_total", 'reason="too_late"')
    batches_before = server.metric("sta_device_batches_total")
    hopeless = bench.run(*load, warm_up_s=0.001, timeout=f"{alone['p50_us'] // 2}us")
    late = server.metric("sta_rejected_total", 'reason="too_late"') - late_before
    computed = server.metric("sta_device_batches_total") - batches_before
    possible = bench.run(*load, warm_up_s=0.001, timeout=f"{2 * alone['p99_us']}us")
    refused = server.metric("sta_rejected_total", 'reason="too_late"') - late_before - late
    asked = late + computed
    return [
        Figure("one request of 32 x 200 words, p50", alone["p50_us"] / 1000, "ms"),
        Figure("asked with half of that as deadline", asked, "requests"),
        Figure("of these refused without computing", 100 * late / max(asked, 1), "%", at_least=99),
        Figure("answered in time all the same", hopeless["requests"], "requests"),
        Figure("asked with twice the p99 as deadline", possible["requests"], "answered"),
        Figure("of these refused as too late", refused, "requests", at_most=0),
    ]


def machine() -> str:
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    name = cpu.group(1) if cpu else "unknown processor"
    load = os.getloadavg()[0]
    return f"{name}, {os.cpu_count()} processors, load {load:.1f} before"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, help="the sta-server binary")
    parser.add_argument("--stactl", required=True)
    parser.add_argument("--store", required=True, help="a store with one model")
    parser.add_argument("--seconds", type=float, default=10, help="of each load")
    parser.add_argument("--rounds", type=int, default=3, help="of all loads; medians count")
    parser.add_argument("--json", type=pathlib.Path, help="where to write the figures, too")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds is {options.rounds}; allowed: 1 and more")
    where = machine()
    ours, theirs = halves(sorted(os.sched_getaffinity(0)))
    with Server(options.server, options.store, ours) as server:
        bench = Bench(options.stactl, server, options.seconds, theirs)
        print(where)
        figures = []
        for measure in (overload_figures, deadline_figures):
            measured = medians([measure(bench, server) for _ in range(options.rounds)])
            figures += measured
            print("\n".join(figure.line() for figure in measured), flush=True)
    if options.json:
        values = {figure.name: figure.value for figure in figures}
        options.json.write_text(json.dumps({"machine": where, "figures": values}, indent=2) + "\n")
    sys.exit(0 if all(figure.is_met for figure in figures) else 1)


if __name__ == "__main__":
    main()
