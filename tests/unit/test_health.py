"""Health and counts over HTTP: what is answered to whom, and what nobody can do to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.seeded_rng import SeededRng
from tuichat.errors import StorageError, UsageError
from tuichat.health import server as served
from tuichat.health.answers import REFUSAL, Answer
from tuichat.health.metrics import Metric, exposition
from tuichat.health.server import MAX_CONNECTIONS, HealthServer
from tuichat.health.token import make_token, read_token

TOKEN = "a-token-of-somebodys-own-with-many-letters"
BEARER = f"Authorization: Bearer {TOKEN}\r\n"
REFUSED = (
    b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


async def _well() -> Answer:
    return Answer(200, b'{"locked":false}\n', "application/json")


async def _broken() -> Answer:
    raise KeyError("a secret")


@pytest.fixture
async def socket(tmp_path: Path) -> AsyncIterator[Path]:
    """The socket of a server with one page, and one that fails."""
    path = tmp_path / "http.sock"
    server = HealthServer(str(path), TOKEN, {"/healthz": _well, "/broken": _broken})
    await server.start()
    yield path
    await server.close()
    assert not path.exists()


async def said(path: Path, request: bytes) -> bytes:
    """All that is answered."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(request)
        async with asyncio.timeout(20):
            return await reader.read()
    finally:
        writer.close()


async def test_a_socket_that_was_put_in_its_place_meanwhile_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    server = HealthServer(str(path), TOKEN, {})
    await server.start()
    path.unlink()
    path.write_text("another's")
    await server.close()
    assert path.read_text() == "another's"


def get(
    path: str = "/healthz", headers: str = BEARER, *, host: str = "localhost", method: str = "GET"
) -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n".encode()


async def test_who_shows_the_token_is_answered(socket: Path) -> None:
    head, _, body = (await said(socket, get())).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Type: application/json" in head
    assert body == b'{"locked":false}\n'
    assert b"server" not in head.lower()
    assert (await said(socket, get(headers=BEARER.replace("Bearer", "bearer")))).endswith(body)
    assert (await said(socket, get(method="HEAD"))).endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "request_bytes",
    [
        get(headers=""),
        get(headers=f"Authorization: Bearer {TOKEN[:-1]}\r\n"),
        get(headers=f"Authorization: Bearer {TOKEN}x\r\n"),
        get(headers="Authorization: Bearer \r\n"),
        get(headers=f"Authorization: Basic {TOKEN}\r\n"),
        get(headers=f"Authorization: {TOKEN}\r\n"),
        get(headers=BEARER + BEARER),
        get("/nothing", headers=""),
        get(headers="", host="example.com"),
        get(headers="", method="DELETE"),
        get(headers=f"{BEARER}Content-Length: 3\r\n"),
        get(headers=f"{BEARER}Transfer-Encoding: chunked\r\n"),
        get(headers=BEARER) + b"GET / HTTP/1.1\r\n\r\n",
        get("http://localhost/healthz"),
        get(headers=f"{BEARER} folded: yes\r\nno colon\r\n"),
        get(headers=f"{BEARER}X: {'x' * 4096}\r\n"),
        b"GET /healthz\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 5000,
        b"\r\n\r\n",
        "GET /héalthz HTTP/1.1\r\n\r\n".encode(),
    ],
)
async def test_everybody_else_gets_the_same_bare_refusal(socket: Path, request_bytes: bytes) -> None:
    assert await said(socket, request_bytes) == REFUSED == REFUSAL.encoded()


async def test_who_says_nothing_more_gets_it_too(socket: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(b"GET /healthz HT")
    writer.write_eof()
    assert await reader.read() == REFUSED
    writer.close()


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (get("/nothing"), 404),
        (get("/healthz?all=1"), 200),
        (get(method="POST"), 405),
        (get(host="example.com"), 421),
        (get(host="127.0.0.1.example.com"), 421),
        (get(host=""), 421),
        (get(host="127.0.0.1:9"), 200),
        (get(host="[::1]"), 200),
    ],
)
async def test_who_shows_the_token_hears_what_is_wrong(
    socket: Path, request_bytes: bytes, status: int
) -> None:
    assert (await said(socket, request_bytes)).startswith(f"HTTP/1.1 {status} ".encode())


async def test_on_a_port_the_host_has_to_name_it_and_only_this_machine_is_listened_to() -> None:
    probe = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = probe.sockets[0].getsockname()[1]
    probe.close()
    server = HealthServer(f"127.0.0.1:{port}", TOKEN, {"/healthz": _well})
    await server.start()
    try:
        for host, status in ((f"localhost:{port}", b"200"), ("localhost:1", b"421"), ("localhost", b"421")):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(get(host=host))
            assert (await reader.read()).split()[1] == status
            writer.close()
        with pytest.raises(StorageError) as caught:
            await HealthServer(f"127.0.0.1:{port}", TOKEN, {}).start()
        assert f"127.0.0.1:{port}" in caught.value.message
    finally:
        await server.close()


async def test_a_page_that_fails_is_answered_and_logged_by_kind(
    socket: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await said(socket, get("/broken"))).startswith(b"HTTP/1.1 500 ")
    assert "KeyError" in caplog.text
    assert [record.exc_info for record in caplog.records if record.name == "tuichat.health"] == [None]
    assert "a secret" not in caplog.text


async def test_who_only_waits_keeps_nobody_out(socket: Path, caplog: pytest.LogCaptureFixture) -> None:
    waiting = [await asyncio.open_unix_connection(socket) for _ in range(MAX_CONNECTIONS + 4)]
    for _reader, writer in waiting:
        writer.write(b"GET /hea")
    assert b" 200 " in await said(socket, get())
    for reader, _writer in waiting[:5]:
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
    for _reader, writer in waiting:
        writer.close()
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


async def test_a_request_that_does_not_come_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "SECONDS", 0.05)
    server = HealthServer(str(tmp_path / "http.sock"), TOKEN, {"/healthz": _well})
    await server.start()
    reader, writer = await asyncio.open_unix_connection(tmp_path / "http.sock")
    writer.write(b"GET /healthz HTTP/1.1\r\n")
    assert await reader.read() == b""
    assert server.connections == {}
    writer.close()
    await server.close()


async def test_a_socket_that_is_used_or_no_socket_stays(socket: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Another program listens"):
        await HealthServer(str(socket), TOKEN, {}).start()
    assert b" 200 " in await said(socket, get())
    (tmp_path / "a-file").write_text("mine")
    with pytest.raises(UsageError, match="no socket"):
        await HealthServer(str(tmp_path / "a-file"), TOKEN, {}).start()
    assert (tmp_path / "a-file").read_text() == "mine"


async def test_a_directory_that_others_write_to_is_no_place_for_the_socket(tmp_path: Path) -> None:
    for mode in (0o777, 0o1777, 0o770):
        tmp_path.chmod(mode)
        with pytest.raises(UsageError, match="Others can write"):
            await HealthServer(str(tmp_path / "http.sock"), TOKEN, {}).start()
    tmp_path.chmod(0o750)
    server = HealthServer(str(tmp_path / "http.sock"), TOKEN, {})
    await server.start()
    await server.close()


def test_a_token_is_made_once_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "http.token"
    with pytest.raises(UsageError, match="no token"):
        read_token(path)
    assert make_token(path, SeededRng(b"1"), replace=False)
    assert path.stat().st_mode & 0o777 == 0o600
    first = read_token(path)
    assert len(first) == 43
    assert not make_token(path, SeededRng(b"2"), replace=False)
    assert read_token(path) == first
    assert make_token(path, SeededRng(b"2"), replace=True)
    assert read_token(path) != first


def test_a_token_that_others_can_read_or_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    for mode in (0o640, 0o604, 0o620):
        path.chmod(mode)
        with pytest.raises(UsageError, match="Others can read"):
            read_token(path)
    path.chmod(0o600)
    assert read_token(path) == TOKEN
    for text in ("", "short", "x" * 600, "two words that are together long enough, not", "ä" * 40):
        path.write_text(text)
        with pytest.raises(UsageError, match="holds no token"):
            read_token(path)
    with pytest.raises(UsageError, match="is no file"):
        read_token(tmp_path)


def test_counts_are_written_as_prometheus_reads_them() -> None:
    text = exposition(
        [
            Metric("tuichat_links", "gauge", "Linked now.", 3),
            Metric("tuichat_age_seconds", "gauge", "Old.", 1764194400.125),
            Metric("tuichat_contacts", "gauge", "By state.", {"accepted": 2, 'o"d\\d\n': True}, "state"),
        ]
    )
    assert text == (
        "# HELP tuichat_links Linked now.\n# TYPE tuichat_links gauge\ntuichat_links 3\n"
        "# HELP tuichat_age_seconds Old.\n# TYPE tuichat_age_seconds gauge\n"
        "tuichat_age_seconds 1764194400.125\n"
        "# HELP tuichat_contacts By state.\n# TYPE tuichat_contacts gauge\n"
        'tuichat_contacts{state="accepted"} 2\ntuichat_contacts{state="o\\"d\\\\d\\n"} 1\n'
    )
