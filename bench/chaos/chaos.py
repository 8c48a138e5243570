# SPDX-License-Identifier: Apache-2.0
"""p99 of a client beside others that misbehave, and without them.

bench/chaos/run.sh builds what this needs and calls it; its --help says what is measured.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

from attacks import ATTACKS
from process_state import ProcessState
from server_process import ServerProcess

MOST_TIMES = 2.0
# Tokens, so that the server knows one from the other: both come from one address.
CLIENT = "token-of-the-client"
ATTACKER = "token-of-the-attacker"


class Bench:
    def __init__(self, options: argparse.Namespace, address: str) -> None:
        self._options = options
        self._address = address

    def p99_ms(self) -> float:
        options = self._options
        done = subprocess.run(
            [options.stactl, "bench", "--server", self._address, "--json", "--rate",
             str(options.rate), "--constant", "--duration", f"{options.seconds}s", "--warm-up",
             "1s", "--lengths", "fixed:16"],
            stdout=subprocess.PIPE, check=True, text=True, env={**os.environ, "STA_TOKEN": CLIENT},
        )
        run = json.loads(done.stdout)["runs"][0]
        if run["errors"]:
            raise SystemExit(f"requests of the client failed: {run['errors']}")
        return run["p99_us"] / 1000

    def p99_beside_ms(self, name: str) -> float:
        here = pathlib.Path(__file__).parent
        pinned = ["taskset", "-c", self._options.attacker_cpus] if self._options.attacker_cpus else []
        attacker = subprocess.Popen(
            [*pinned, sys.executable, here / "attacker.py", name, self._address, ATTACKER],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        assert attacker.stdout is not None
        attacker.stdout.readline()  # it begins
        try:
            return self.p99_ms()
        finally:
            attacker.communicate("", timeout=120)
            if attacker.returncode != 0:
                raise SystemExit(f"the attack '{name}' did not work")


def machine() -> str:
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    name = cpu.group(1) if cpu else "unknown processor"
    return f"{name}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before"


def measure(options: argparse.Namespace, server: ServerProcess) -> list[dict]:
    bench = Bench(options, server.rpc_address)
    state = ProcessState(server.pid)
    if options.server_cpus:
        subprocess.run(["taskset", "-acp", options.server_cpus, str(server.pid)], check=True,
                       stdout=subprocess.DEVNULL)
    bench.p99_ms()
    rows = []
    for name in options.only or ATTACKS:
        state.reset_peak()
        quiet, beside = [], []
        for _ in range(options.rounds):
            quiet.append(bench.p99_ms())
            beside.append(bench.p99_beside_ms(name))
        row = {"attack": name, "p99_quiet_ms": statistics.median(quiet),
               "p99_ms": statistics.median(beside),
               "peak_memory_mb": state.peak_memory_bytes / 1e6}
        row["times"] = row["p99_ms"] / row["p99_quiet_ms"]
        rows.append(row)
        verdict = "" if row["times"] <= MOST_TIMES else f"  over {MOST_TIMES:g} times"
        print(f"{name:<20}{row['p99_quiet_ms']:>12.2f}{row['p99_ms']:>12.2f}{row['times']:>8.2f}"
              f"{row['peak_memory_mb']:>12.0f}{verdict}", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", type=pathlib.Path, required=True)
    parser.add_argument("--stactl", required=True)
    parser.add_argument("--store", required=True, help="a store with one model, minilm")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--only", action="append", choices=list(ATTACKS))
    parser.add_argument("--server-cpus")
    parser.add_argument("--attacker-cpus")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    where = machine()
    print(where)
    print(f"{'beside':<20}{'alone, ms':>12}{'p99, ms':>12}{'times':>8}{'peak, MB':>12}")
    with tempfile.NamedTemporaryFile("w", suffix=".tokens") as tokens:
        for name, token in (("client", CLIENT), ("attacker", ATTACKER)):
            tokens.write(f"{name} infer sha256:{hashlib.sha256(token.encode()).hexdigest()}\n")
        tokens.flush()
        arguments = ["--store", options.store, "--tokens", tokens.name]
        with ServerProcess(options.server, arguments) as server:
            rows = measure(options, server)
    if options.json:
        options.json.write_text(json.dumps({"machine": where, "attacks": rows}, indent=2) + "\n")
    sys.exit(0 if all(row["times"] <= MOST_TIMES for row in rows) else 1)


if __name__ == "__main__":
    main()
