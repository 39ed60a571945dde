"""The checks that keep the whole suite on this machine do bite."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.trace import departures

ELSEWHERE = ("192.0.2.1", 80)  # a documentation address (RFC 5737): nobody's


def in_subprocess(record: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a Python of its own that inherits this environment, with a record of its own."""
    environment = {**os.environ, "LOOPBACK_GUARD_RECORD": str(record)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record of this test's own, so that the planted departures do not fail the run."""
    path = tmp_path / "record"
    monkeypatch.setenv("LOOPBACK_GUARD_RECORD", str(path))
    return path


@pytest.mark.parametrize("call", ["connect", "bind"])
def test_a_socket_that_would_leave_this_machine_is_stopped_and_recorded(record: Path, call: str) -> None:
    with socket.socket() as sock, pytest.raises(Exception, match="would leave this machine"):
        getattr(sock, call)(ELSEWHERE)
    assert "192.0.2.1" in record.read_text()


def test_a_datagram_that_would_leave_this_machine_is_stopped(record: Path) -> None:
    with (
        socket.socket(type=socket.SOCK_DGRAM) as sock,
        pytest.raises(Exception, match="would leave this machine"),
    ):
        sock.sendto(b"", ELSEWHERE)
    assert record.exists()


@pytest.mark.parametrize("name", ["a.onion", "example.org"])
def test_no_name_is_resolved_least_of_all_an_onion_name(record: Path, name: str) -> None:
    with pytest.raises(Exception, match="would leave this machine"):
        socket.getaddrinfo(name, 80)
    assert name in record.read_text()


def test_loopback_and_unix_sockets_are_left_alone(record: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "s"))
    assert not record.exists()


def test_processes_that_tests_start_are_watched_too(tmp_path: Path) -> None:
    record = tmp_path / "record"
    done = in_subprocess(record, f"import socket; socket.create_connection({ELSEWHERE}, timeout=5)")
    assert done.returncode == 1
    assert "EgressError" in done.stderr
    assert "192.0.2.1" in record.read_text()


@pytest.mark.parametrize(
    "line",
    [
        '9 connect(3, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")}, 16) = 0',
        '9 connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}, 16) = 0',
        '9 bind(3, {sa_family=AF_INET, sin_port=htons(9001), sin_addr=inet_addr("0.0.0.0")}, 16) = 0',
        "9 connect(3, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), "
        'inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}, 28) = -1 ENETUNREACH',
    ],
)
def test_a_traced_departure_of_any_program_is_named(line: str) -> None:
    assert list(departures([line])) == [line]


@pytest.mark.parametrize(
    "line",
    [
        '9 connect(3, {sa_family=AF_UNIX, sun_path="/run/x"}, 110) = 0',
        '9 connect(3, {sa_family=AF_INET, sin_port=htons(5000), sin_addr=inet_addr("127.0.0.1")}, 16) = 0',
        "9 connect(3, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), "
        'inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = 0',
        "9 bind(3, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12) = 0",
        "9 +++ exited with 0 +++",
    ],
)
def test_traced_local_connections_pass(line: str) -> None:
    assert list(departures([line])) == []
