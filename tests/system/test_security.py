# SPDX-License-Identifier: Apache-2.0
"""TLS, certificates, tokens and Unix sockets, with gRPC's Python client and openssl's certificates."""

from __future__ import annotations

import hashlib
import pathlib
import re
import socket
import ssl
import subprocess
from collections.abc import Callable

import grpc
import pytest

from background import Background
from conditions import wait_until
from metrics_page import samples, scrape, total
from server_process import ServerProcess

RELOADS = 5
TOKENS = {"infer": "token-of-infer", "upload": "token-of-upload", "admin": "token-of-admin"}


class Authority:
    """A certificate authority in a folder, by the command openssl."""

    def __init__(self, folder: pathlib.Path, name: str) -> None:
        self.folder = folder
        self.ca = folder / f"{name}.crt"
        self._key = folder / f"{name}.key"
        self._run("req", "-x509", "-subj", f"/CN={name}", "-days", "2", *self._new_key(self._key),
                  "-out", self.ca)

    def _run(self, *arguments: object) -> None:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    @staticmethod
    def _new_key(path: pathlib.Path) -> list[object]:
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path]

    def issue(self, name: str, days: int = 1) -> tuple[pathlib.Path, pathlib.Path]:
        """Certificate and key; of a server on this host, too. Expired where `days` is below zero."""
        key, request, chain = (self.folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
        extensions = self.folder / "extensions"
        extensions.write_text(f"subjectAltName=DNS:{name},DNS:localhost,IP:127.0.0.1\n")
        self._run("req", "-new", "-subj", f"/CN={name}", *self._new_key(key), "-out", request)
        self._run("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self._key,
                  "-CAcreateserial", "-days", days, "-extfile", extensions, "-out", chain)
        return chain, key


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "authority")


def line(name: str, roles: str, token: str) -> str:
    return f"{name} {roles} sha256:{hashlib.sha256(token.encode()).hexdigest()}\n"


@pytest.fixture
def tokens(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "tokens"
    path.write_text("".join(line(f"{role}er", role, token) for role, token in TOKENS.items()))
    return path


def infer(channel: grpc.Channel, token: str = "") -> bytes:
    from tritonclient.grpc import service_pb2, service_pb2_grpc

    request = service_pb2.ModelInferRequest(model_name="embed")
    tensor = request.inputs.add(name="text", datatype="BYTES", shape=[1])
    tensor.contents.bytes_contents.append(b"a few words")
    metadata = [("authorization", f"Bearer {token}")] if token else []
    stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
    return stub.ModelInfer(request, timeout=60, metadata=metadata).raw_output_contents[0]


def unload(channel: grpc.Channel, token: str = "") -> None:
    """A write that changes nothing here: there is no such model."""
    from tritonclient.grpc import service_pb2, service_pb2_grpc

    metadata = [("authorization", f"Bearer {token}")] if token else []
    stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
    request = service_pb2.RepositoryModelUnloadRequest(model_name="nothing")
    stub.RepositoryModelUnload(request, timeout=60, metadata=metadata)


def code_of(call: Callable[[], object]) -> grpc.StatusCode:
    try:
        call()
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def tls_channel(
    server: ServerProcess, ca: pathlib.Path, own: tuple[pathlib.Path, pathlib.Path] | None = None
) -> grpc.Channel:
    chain, key = own or (None, None)
    credentials = grpc.ssl_channel_credentials(
        ca.read_bytes(), key and key.read_bytes(), chain and chain.read_bytes()
    )
    # Else a new channel would take the connection of an old one.
    return grpc.secure_channel(
        server.rpc_address, credentials, [("grpc.use_local_subchannel_pool", 1)]
    )


def expiry_of(certificate: pathlib.Path) -> float:
    """In seconds since the epoch, as openssl tells it."""
    command = ["openssl", "x509", "-noout", "-enddate", "-in", certificate]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return ssl.cert_time_to_seconds(told.strip().removeprefix("notAfter="))


def test_tokens_over_tls(
    server_binary: pathlib.Path, packages: pathlib.Path, tokens: pathlib.Path, authority: Authority
) -> None:
    chain, key = authority.issue("server")
    arguments = ["--store", str(packages), "--store-read-only", "true", "--tls-cert", str(chain),
                 "--tls-key", str(key), "--tokens", str(tokens)]
    with ServerProcess(server_binary, arguments) as server, \
            tls_channel(server, authority.ca) as channel:
        assert infer(channel, TOKENS["infer"])
        assert code_of(lambda: infer(channel)) == grpc.StatusCode.UNAUTHENTICATED
        assert code_of(lambda: infer(channel, "a-wrong-token")) == grpc.StatusCode.UNAUTHENTICATED
        assert code_of(lambda: infer(channel, TOKENS["admin"])) == grpc.StatusCode.PERMISSION_DENIED
        assert code_of(lambda: unload(channel, TOKENS["infer"])) == grpc.StatusCode.PERMISSION_DENIED
        assert code_of(lambda: unload(channel, TOKENS["admin"])) == grpc.StatusCode.NOT_FOUND
        with grpc.insecure_channel(server.rpc_address) as plain:
            assert code_of(lambda: infer(plain, TOKENS["infer"])) == grpc.StatusCode.UNAVAILABLE
        expiry = total(samples(scrape(server)), "sta_tls_certificate_expiry_timestamp_seconds")
        assert abs(expiry - expiry_of(chain)) <= 1
        audits = server.wait_for_events("audit", 2)
        assert [(a["caller"], a["code"]) for a in audits] == [
            ("inferer", "PERMISSION_DENIED"), ("adminer", "NOT_FOUND"),
        ]
        assert audits[1]["rpc"] == "inference.GRPCInferenceService/RepositoryModelUnload"
        assert audits[1]["request"] == {"model_name": "nothing"}
        assert audits[1]["peer"].startswith("ipv4:127.0.0.1:")
    for secret in (*TOKENS.values(), "a-wrong-token", key.read_text().splitlines()[1]):
        assert secret not in server.log()


def test_the_audit_log_has_no_level(
    server_binary: pathlib.Path, packages: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    ports = tmp_path / "ports"
    # Not by `with`, which waits for a line that is not written at this level.
    server = ServerProcess(
        server_binary,
        ["--store", str(packages), "--store-read-only", "true", "--log-level", "error",
         "--ports-file", str(ports)],
    )
    try:
        wait_until(ports.exists, lambda: f"there is no file of ports; the log:\n{server.log()}")
        address = re.search(r"grpc=(\S+)", ports.read_text())[1]
        with grpc.insecure_channel(address) as channel:
            assert code_of(lambda: unload(channel)) == grpc.StatusCode.NOT_FOUND
        server.wait_for_events("audit", 1)
    finally:
        server.__exit__()


def test_certificates_of_clients(
    server_binary: pathlib.Path, packages: pathlib.Path, tokens: pathlib.Path, authority: Authority
) -> None:
    chain, key = authority.issue("server")
    other = Authority(tokens.parent, "other")
    with tokens.open("a") as file:
        file.write("carl infer cert:carl.example\n")
    arguments = ["--store", str(packages), "--store-read-only", "true", "--tls-cert", str(chain),
                 "--tls-key", str(key), "--tls-client-ca", str(authority.ca),
                 "--tokens", str(tokens)]
    with ServerProcess(server_binary, arguments) as server:
        def ask(own: tuple | None, call: Callable = infer, token: str = "") -> grpc.StatusCode:
            with tls_channel(server, authority.ca, own) as channel:
                return code_of(lambda: call(channel, token))

        carl, dora = authority.issue("carl.example"), authority.issue("dora.example")
        assert ask(carl) == grpc.StatusCode.OK
        assert ask(carl, unload) == grpc.StatusCode.PERMISSION_DENIED
        assert ask(dora) == grpc.StatusCode.UNAUTHENTICATED
        assert ask(dora, token=TOKENS["infer"]) == grpc.StatusCode.OK
        assert ask(carl, token="wrong") == grpc.StatusCode.UNAUTHENTICATED
        assert ask(None) == grpc.StatusCode.UNAVAILABLE
        assert ask(other.issue("carl.example")) == grpc.StatusCode.UNAVAILABLE
        assert ask(authority.issue("carl.example", days=-1)) == grpc.StatusCode.UNAVAILABLE


class Callers(Background):
    """Threads that ask over a new connection each time until they are told to stop."""

    def __init__(self, call: Callable[[], object], threads: int = 3) -> None:
        super().__init__()
        self.answers = 0
        self.failures: list[str] = []
        self._call = call
        for _ in range(threads):
            self.add_thread(self._ask)

    def _ask(self) -> None:
        while not self.stop.is_set():
            try:
                self._call()
                self.answers += 1
            except grpc.RpcError as error:
                self.failures.append(f"{error.code()}: {error.details()}")


def test_reload_under_load(
    server_binary: pathlib.Path, packages: pathlib.Path, tokens: pathlib.Path, authority: Authority
) -> None:
    folder = tokens.parent
    live = (folder / "live.crt", folder / "live.key")

    def put(source: tuple[pathlib.Path, pathlib.Path], parts: tuple[int, ...]) -> None:
        for part in parts:
            new = folder / "new"
            new.write_bytes(source[part].read_bytes())
            new.rename(live[part])

    put(authority.issue("server-0"), (0, 1))
    arguments = ["--store", str(packages), "--store-read-only", "true", "--tls-cert", str(live[0]),
                 "--tls-key", str(live[1]), "--tokens", str(tokens)]
    with ServerProcess(server_binary, arguments) as server:
        def ask() -> None:
            with tls_channel(server, authority.ca) as channel:
                infer(channel, TOKENS["infer"])

        original = tokens.read_text()
        with Callers(ask) as callers:
            for round_number in range(1, RELOADS + 1):
                # In either order: in between, certificate and key do not fit.
                parts = (0, 1) if round_number % 2 else (1, 0)
                put(authority.issue(f"server-{round_number}"), parts)
                tokens.write_text(original + line("extra", "admin", f"extra-{round_number}"))
                server.wait_for_events("tls reloaded", round_number)
                server.wait_for_events("tokens reloaded", round_number)
                with tls_channel(server, authority.ca) as channel:
                    denied = code_of(lambda: infer(channel, f"extra-{round_number}"))
                    assert denied == grpc.StatusCode.PERMISSION_DENIED
                    unknown = code_of(lambda: infer(channel, f"extra-{round_number - 1}"))
                    assert unknown == grpc.StatusCode.UNAUTHENTICATED
            # Bad files change nothing.
            refused = len([e for e in server.events()
                           if e["event"] == "security files not reloaded"])
            live[1].write_text("not a key")
            tokens.write_text("not a token\n")
            server.wait_for_events("security files not reloaded", refused + 2)
            assert code_of(ask) == grpc.StatusCode.OK
        assert callers.failures == []
        assert callers.answers > RELOADS
        subjects = [e["subject"] for e in server.wait_for_events("tls reloaded", RELOADS)]
        assert subjects == [f"CN = server-{i}" for i in range(1, RELOADS + 1)]


def own_address() -> str:
    """An address of this host that is not loopback; skips where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
            address = probe.getsockname()[0]
        except OSError:
            address = "127.0.0.1"
    if address.startswith("127."):
        pytest.skip("this host has no address but loopback")
    return address


def test_without_tokens_other_hosts_only_read(
    server_binary: pathlib.Path, packages: pathlib.Path
) -> None:
    address = own_address()
    arguments = ["--store", str(packages), "--store-read-only", "true",
                 "--listen", "0.0.0.0:0", "--http-listen", "off", "--metrics", "off"]
    with ServerProcess(server_binary, arguments, ports=False) as server:
        port = server.rpc_address.rpartition(":")[2]
        with grpc.insecure_channel(f"{address}:{port}") as far:
            assert infer(far)
            with pytest.raises(grpc.RpcError) as error:
                unload(far)
            assert error.value.code() == grpc.StatusCode.PERMISSION_DENIED
            assert "--tokens FILE" in error.value.details()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as near:
            assert code_of(lambda: unload(near)) == grpc.StatusCode.NOT_FOUND


def test_unix_socket_beside_a_port(
    server_binary: pathlib.Path, own_store: pathlib.Path, stactl: pathlib.Path,
    packages: pathlib.Path, tmp_path: pathlib.Path,
) -> None:
    path = tmp_path / "sta.sock"
    arguments = ["--store", str(own_store), "--metrics", "off", "--http-listen", "off",
                 "--listen", f"127.0.0.1:0,unix:{path}"]
    with ServerProcess(server_binary, arguments, ports=False) as server:
        assert server.rpc_address.endswith(f",unix:{path}")
        with grpc.insecure_channel(f"unix:{path}") as channel:
            assert infer(channel)
        upload = [stactl, "--server", f"unix:{path}", "model", "upload",
                  packages / "classify" / "1", "--name", "copy"]
        subprocess.run(upload, check=True, timeout=120)
        audits = server.wait_for_events("audit", 2)
        assert {a["code"] for a in audits} == {"OK"}
        assert all(a["peer"].startswith("unix:") for a in audits)
    assert not path.exists()


def test_stactl_over_tls_with_tokens(
    server_binary: pathlib.Path, own_store: pathlib.Path, stactl: pathlib.Path,
    packages: pathlib.Path, tmp_path: pathlib.Path, authority: Authority,
) -> None:
    chain, key = authority.issue("server")
    tokens = tmp_path / "tokens"
    lines = ""
    for role in TOKENS:
        made = subprocess.run(
            [stactl, "token", "new", role, "--roles", role, "-o", tmp_path / role],
            check=True, capture_output=True, text=True,
        )
        lines += made.stdout
    tokens.write_text(lines)
    arguments = ["--store", str(own_store), "--tls-cert", str(chain), "--tls-key", str(key),
                 "--tokens", str(tokens)]
    with ServerProcess(server_binary, arguments) as server:
        def run(role: str, *command: object) -> str:
            """Standard error; empty where it went well."""
            done = subprocess.run(
                [stactl, *command, "--server", server.rpc_address, "--tls-ca", authority.ca,
                 *(["--token-file", tmp_path / role] if role else [])],
                capture_output=True, text=True, timeout=120, check=False,
            )
            return "" if done.returncode == 0 else done.stderr

        package = packages / "classify" / "1"
        upload = ("model", "upload", package, "--name", "copy")
        assert run("infer", "embed", "--model", "embed", "a few words") == ""
        assert "UNAUTHENTICATED" in run("", "embed", "--model", "embed", "a few words")
        assert "PERMISSION_DENIED" in run("infer", *upload)
        assert run("upload", *upload) == ""
        assert run("upload", "model", "export", "copy", "--output", tmp_path / "export") == ""
        assert "PERMISSION_DENIED" in run("upload", "model", "alias", "copy", "prod", "1")
        assert run("admin", "model", "alias", "copy", "prod", "1") == ""
        assert run("infer", "devices") == ""
        # What the image's health check does.
        probe = [stactl, "health", "--live", "--server", server.rpc_address]
        assert subprocess.run(probe, capture_output=True, check=False).returncode == 1
        subprocess.run([*probe, "--tls-unverified"], check=True, timeout=120)
        subprocess.run([*probe, "--or-tls", "--timeout", "2s"], check=True, timeout=120)
        assert run("", "health") == ""
        stranger = Authority(tmp_path, "stranger")
        assert "handshake" in subprocess.run(
            [stactl, "devices", "--server", server.rpc_address, "--tls-ca", stranger.ca],
            capture_output=True, text=True, timeout=120, check=False,
        ).stderr
    for role in TOKENS:
        assert (tmp_path / role).read_text().strip() not in server.log()


@pytest.mark.parametrize("fault", ["no key", "other key", "expired", "no file", "bad tokens"])
def test_bad_files_stop_the_start(
    fault: str, server_binary: pathlib.Path, packages: pathlib.Path, authority: Authority,
    tmp_path: pathlib.Path,
) -> None:
    chain, key = authority.issue("server")
    _, other_key = authority.issue("other")
    expired, expired_key = authority.issue("expired", days=-1)
    bad = tmp_path / "tokens"
    bad.write_text("web infer my-token\n")
    flags, problem = {
        "no key": (["--tls-cert", chain], "needs its key"),
        "other key": (["--tls-cert", chain, "--tls-key", other_key], "not the certificate's"),
        "expired": (["--tls-cert", expired, "--tls-key", expired_key], "is valid from"),
        "no file": (["--tls-cert", tmp_path / "x", "--tls-key", key], "cannot read"),
        "bad tokens": (["--tokens", bad], "line 1: the third field"),
    }[fault]
    run = subprocess.run(
        [server_binary, "--store", packages, "--store-read-only", "true", *flags,
         "--listen", "127.0.0.1:0", "--http-listen", "off", "--metrics", "off"],
        capture_output=True, text=True, timeout=60, check=False,
    )
    assert run.returncode == 1
    assert problem in run.stderr
    assert "my-token" not in run.stderr
