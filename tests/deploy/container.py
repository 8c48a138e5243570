# SPDX-License-Identifier: Apache-2.0
"""A container of the image, by podman, in a network of its own: nothing but loopback.

    with Container(HARDENED, store) as container:
        container.wait_until_live()
        assert container.weaknesses() == []
        container.run(stactl, "model", "list")   # a program of the host in its network
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
from collections.abc import Callable

from conditions import wait_until

HARDENED = ("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges",
            "--pids-limit=256", "--memory=512m")
USER = 10001
WAIT_S = 120
PAUSE_S = 0.2


def podman(*arguments: object, check: bool = True) -> str:
    done = subprocess.run(["podman", *map(str, arguments)], capture_output=True, text=True,
                          check=False)
    assert not check or done.returncode == 0, f"podman {arguments}: {done.stderr}"
    return done.stdout.strip()


def in_network_of(pid: int, *command: object) -> list[str]:
    """The command, to be run in that process's network."""
    return ["nsenter", "--target", str(pid), "--net", *map(str, command)]


def weaknesses(pid: int) -> list[str]:
    """What the process may do that a server need not, as its kernel sees it."""
    folder = pathlib.Path(f"/proc/{pid}")
    status = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines())
    found = []
    if set(status["Uid"].split()) != {str(USER)} or set(status["Gid"].split()) != {str(USER)}:
        found.append("another user than its own")
    if any(int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")):
        found.append("capabilities")
    if status["NoNewPrivs"].strip() != "1":
        found.append("may get more privileges")
    if status["Seccomp"].strip() != "2":
        found.append("no seccomp filter")
    mounts = [line.split() for line in (folder / "mountinfo").read_text().splitlines()]
    [root] = [fields for fields in mounts if fields[4] == "/"]
    if "ro" not in root[5].split(","):
        found.append("writable root")
    memory = re.search(r"^\d+:memory:(.*)$", (folder / "cgroup").read_text(), re.MULTILINE)
    limit = pathlib.Path(f"/sys/fs/cgroup/memory{memory[1]}/memory.limit_in_bytes").read_text()
    if int(limit) > 1 << 40:
        found.append("no limit of memory")
    return found


class Container:
    def __init__(self, options: tuple[str, ...], store: pathlib.Path | None = None,
                 command: tuple[object, ...] = (), image: str = "") -> None:
        volume = ("--volume", f"{store}:/models") if store else ()
        self.name = podman("run", "--detach", "--network=none", *options, *volume,
                           image or os.environ["STA_IMAGE"], *command)

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *exception: object) -> None:
        podman("rm", "--force", "--time=0", "--volumes", self.name)

    @property
    def pid(self) -> int:
        return int(self.inspect("State.Pid"))

    def inspect(self, field: str) -> str:
        return podman("inspect", "--format", "{{." + field + "}}", self.name)

    def weaknesses(self) -> list[str]:
        return weaknesses(self.pid)

    def log(self) -> str:
        return subprocess.run(["podman", "logs", self.name], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=True).stdout

    def is_healthy(self) -> bool:
        """By the image's own health check."""
        return subprocess.run(["podman", "healthcheck", "run", self.name], check=False,
                              capture_output=True).returncode == 0

    def wait_until_live(self) -> None:
        self._wait_until(self.is_healthy)

    def wait_until_ready(self, stactl: pathlib.Path) -> None:
        """Until its models serve."""
        ask = in_network_of(self.pid, stactl, "health")
        self._wait_until(
            lambda: subprocess.run(ask, check=False, capture_output=True).returncode == 0)

    def _wait_until(self, is_so: Callable[[], bool]) -> None:
        wait_until(is_so, self.log, WAIT_S, PAUSE_S,
                   may_go_on=lambda: self.inspect("State.Status") == "running")

    def run(self, *command: object) -> str:
        """Runs a program of the host in the container's network; returns what it says."""
        done = subprocess.run(in_network_of(self.pid, *command), capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def stop(self) -> int:
        """Ends it by SIGTERM; returns its exit status."""
        podman("stop", "--time=30", self.name)
        return int(self.inspect("State.ExitCode"))


def json_lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
