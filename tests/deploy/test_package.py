# SPDX-License-Identifier: Apache-2.0
"""The Debian packages, in a fresh Debian 12 of nothing but the essential packages: installed, run,
installed again, removed, purged. And the unit, by systemd's own judgement."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

import pytest

from conditions import wait_until

UNIT = "sta-server.service"
# Of 100: systemd-analyze security. 14 is "OK"; a service without any hardening has 96.
MOST_EXPOSURE = 14
WAIT_S = 60


def run(*command: object, check: bool = True) -> subprocess.CompletedProcess:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done


class Root:
    """A directory with a Debian in it."""

    def __init__(self, folder: pathlib.Path, archive: pathlib.Path) -> None:
        """`archive` is made where it is not there: remove it for today's Debian."""
        self.folder = folder
        if not archive.exists():
            run("mmdebstrap", "--quiet", "--variant=minbase", "bookworm", archive)
        folder.mkdir()
        run("tar", "--extract", "--file", archive, "--directory", folder)

    def run(self, *command: object, check: bool = True) -> subprocess.CompletedProcess:
        return run("chroot", self.folder, "/usr/bin/env", "DEBIAN_FRONTEND=noninteractive",
                   "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *command, check=check)

    def has(self, path: str) -> bool:
        return os.path.lexists(self.folder / path.lstrip("/"))


@pytest.fixture(scope="module")
def debs(work: pathlib.Path) -> list[pathlib.Path]:
    found = [*(work / "debs").glob("sta-server_*.deb"), *(work / "debs").glob("sta-server-xrt_*.deb")]
    assert len(found) == 2
    return found


@pytest.fixture(scope="module")
def root(work, debs):
    folder = work / "root"
    shutil.rmtree(folder, ignore_errors=True)
    made = Root(folder, work / "root.tar")
    made.run("apt-get", "update", "--quiet")
    for deb in debs:
        shutil.copy(deb, folder / "tmp")
    yield made
    shutil.rmtree(folder)


def field(deb: pathlib.Path, name: str) -> str:
    return run("dpkg-deb", "--field", deb, name).stdout.strip()


def test_packages_ask_for_what_they_need_and_no_more(debs):
    server, xrt = debs
    assert [field(deb, "Package") for deb in debs] == ["sta-server", "sta-server-xrt"]
    needs = field(server, "Depends")
    for package in ("libc6", "libgrpc++1.51", "libprotobuf32", "adduser"):
        assert package in needs
    assert "xrt" not in needs and "-dev" not in needs
    assert "libxrt" in field(xrt, "Depends") and "sta-server (=" in field(xrt, "Depends")
    assert field(server, "Architecture") == "amd64"


def test_a_packages_life(root, debs, work):
    server, _ = (f"/tmp/{deb.name}" for deb in debs)
    root.run("apt-get", "install", "--yes", "--no-install-recommends", server)
    assert "sta:" in root.run("getent", "passwd", "sta").stdout
    assert root.has("/lib/systemd/system/" + UNIT)
    assert root.has("/etc/systemd/system/multi-user.target.wants/" + UNIT)  # enabled
    owner = (root.folder / "var/lib/sta/models").stat()
    uid = int(root.run("id", "--user", "sta").stdout)
    assert owner.st_uid == uid and owner.st_mode & 0o777 == 0o750
    assert root.run("dpkg", "--verify", "sta-server").stdout == ""

    serve_and_ask(root, work)

    # What an administrator has changed stays, also over an installation anew and a removal.
    config = root.folder / "etc/sta/server.yaml"
    config.write_text(config.read_text() + "log_level: warn\n")
    root.run("apt-get", "install", "--yes", "--reinstall", "-o", "Dpkg::Options::=--force-confold",
             server)
    assert "log_level: warn" in config.read_text()
    (root.folder / "var/lib/sta/models/a-model").mkdir()
    root.run("apt-get", "remove", "--yes", "sta-server")
    assert not root.has("/usr/bin/sta-server") and config.exists()
    root.run("apt-get", "purge", "--yes", "sta-server")
    for path in ("/etc/sta", "/lib/systemd/system/" + UNIT, "/usr/share/doc/sta-server",
                 "/etc/systemd/system/multi-user.target.wants/" + UNIT):
        assert not root.has(path), path
    assert root.has("/var/lib/sta/models/a-model")  # models are the administrator's


def serve_and_ask(root: Root, work: pathlib.Path) -> None:
    """As the unit starts it, but for the ports, which are free ones: as its user, with its settings."""
    shutil.copytree(work / "packages/1-8", root.folder / "var/lib/sta/models/minilm/1")
    root.run("chown", "-R", "sta:sta", "/var/lib/sta/models")
    ports = root.folder / "var/lib/sta/ports"
    process = subprocess.Popen(
        ["chroot", "--userspec=sta:sta", root.folder, "/usr/bin/sta-server",
         "--config", "/etc/sta/server.yaml", "--listen", "127.0.0.1:0",
         "--http-listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0",
         "--ports-file", "/var/lib/sta/ports"], stderr=subprocess.PIPE, text=True)
    try:
        def state() -> str:
            return f"exit status {process.poll()}, ports file {ports.exists()}"

        def runs() -> bool:
            return process.poll() is None

        wait_until(ports.exists, state, may_go_on=runs)
        address = ports.read_text().splitlines()[0].removeprefix("grpc=")
        health = ("stactl", "health", "--server", address)
        wait_until(lambda: root.run(*health, check=False).returncode == 0, state, may_go_on=runs)
        root.run("stactl", "embed", "--server", address, "--model", "minilm", "a few words")
    finally:
        process.terminate()
    assert process.wait(WAIT_S) == 0, process.stderr.read()
    shutil.rmtree(root.folder / "var/lib/sta/models/minilm")
    ports.unlink()


def test_the_unit_is_right_and_confined(root, debs, repository, tmp_path):
    root.run("apt-get", "install", "--yes", "--no-install-recommends", f"/tmp/{debs[0].name}")
    unit = repository / "deploy/debian" / UNIT
    assert (root.folder / "lib/systemd/system" / UNIT).read_text() == unit.read_text()

    def complaints(text: str) -> list[str]:
        """systemd's about the unit, with the program where it was installed here."""
        file = tmp_path / UNIT
        file.write_text(text.replace("/usr/bin/sta-server", f"{root.folder}/usr/bin/sta-server"))
        said = run("systemd-analyze", "--man=no", "verify", file, check=False).stderr
        return [line for line in said.splitlines() if UNIT in line]

    assert complaints(unit.read_text()) == []
    assert complaints(unit.read_text().replace("ProtectHome", "ProtectHouse")) != []

    def is_confined(unit: pathlib.Path) -> bool:
        return run("systemd-analyze", "security", "--offline=true", "--no-pager",
                   f"--threshold={MOST_EXPOSURE}", unit, check=False).returncode == 0

    assert is_confined(unit)
    for line in ("SystemCallFilter=@system-service\n", "CapabilityBoundingSet=\n",
                 "ProtectSystem=strict\n", "PrivateUsers=yes\n"):
        text = unit.read_text()
        assert line in text
        weaker = tmp_path / UNIT
        weaker.write_text(text.replace(line, ""))
        assert not is_confined(weaker), line


def test_the_part_for_cards_is_found(root, debs):
    for deb in debs:
        assert root.has(f"/tmp/{deb.name}")
    root.run("apt-get", "install", "--yes", "--no-install-recommends",
             *(f"/tmp/{deb.name}" for deb in debs))
    assert root.has("/usr/lib/sta/libsta_xrt.so")
    # There is no card: the server says so, and not that its own part or XRT is missing.
    said = root.run("timeout", "--preserve-status", "--signal=TERM", "2", "sta-server", "--store",
                    "/var/lib/sta/models", "--listen", "127.0.0.1:0", "--http-listen", "off",
                    "--metrics", "off", check=False).stderr
    assert "no cards" in said and "cannot load" not in said and "there is no" not in said
