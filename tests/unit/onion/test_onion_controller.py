"""The control port: who may be talked to, deadlines, and that nothing secret is logged."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import hmac
import logging
import os
import re
import stat
import tempfile
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from onion.controller import Controller
from onion.endpoint import Endpoint
from onion.errors import TorError
from onion.events import Event

COOKIE = bytes(range(32))
SERVER = b"Tor safe cookie authentication server-to-controller hash"
CLIENT = b"Tor safe cookie authentication controller-to-server hash"


class FakeControlPort:
    """As much of a control port as authentication and a few commands need."""

    def __init__(self, directory: Path, cookie: bytes = COOKIE, methods: str = "COOKIE,SAFECOOKIE") -> None:
        self.path = directory / "control"
        self.cookie_file = directory / "cookie"
        self.cookie_file.write_bytes(COOKIE)
        self.cookie_file.chmod(0o600)
        self.commands: list[str] = []
        self.asked_for_silence = asyncio.Event()
        self._cookie = cookie
        self._methods = methods
        self._expected = ""
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def open_tcp(self) -> Endpoint:
        """Listen on a TCP port instead."""
        await self.close()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return Endpoint(host="127.0.0.1", port=self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        self.hang_up()
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while line := (await reader.readline()).decode().strip():
                self.commands.append(line)
                if answer := self._answer(line):
                    writer.write(answer.replace("\n", "\r\n").encode() + b"\r\n")
        except OSError:
            pass
        writer.close()

    def _answer(self, line: str) -> str:
        if line.startswith("PROTOCOLINFO"):
            auth = f'250-AUTH METHODS={self._methods} COOKIEFILE="{self.cookie_file}"'
            return f'250-PROTOCOLINFO 1\n{auth}\n250-VERSION Tor="0.4.9.11"\n250 OK'
        if match := re.fullmatch(r"AUTHCHALLENGE SAFECOOKIE ([0-9a-f]{64})", line):
            server_nonce = os.urandom(32)
            message = self._cookie + bytes.fromhex(match[1]) + server_nonce
            server = hmac.new(SERVER, message, hashlib.sha256)
            client = hmac.new(CLIENT, message, hashlib.sha256)
            self._expected = client.hexdigest()
            return f"250 AUTHCHALLENGE SERVERHASH={server.hexdigest()} SERVERNONCE={server_nonce.hex()}"
        if line.startswith("AUTHENTICATE"):
            return (
                "250 OK" if line == f"AUTHENTICATE {self._expected}".strip() else "515 Authentication failed"
            )
        if line == "GETINFO version":
            return "650 NETWORK_LIVENESS UP\n250-version=0.4.9.11 (git-x)\n250 OK"
        if line == "GETINFO circuit-status":
            return "250+circuit-status=\n1 BUILT $A PURPOSE=GENERAL\n2 BUILT $B\n.\n250 OK"
        if line == "GETINFO silence":
            self.asked_for_silence.set()
            return ""
        return "552 Unrecognized key"


@asynccontextmanager
async def control_port(
    cookie: bytes = COOKIE, methods: str = "COOKIE,SAFECOOKIE"
) -> AsyncIterator[FakeControlPort]:
    with tempfile.TemporaryDirectory() as directory:
        port = FakeControlPort(Path(directory), cookie, methods)
        await port.open()
        yield port
        await port.close()


@asynccontextmanager
async def connected(port: FakeControlPort, events: list[Event] | None = None) -> AsyncIterator[Controller]:
    heard: list[Event] = [] if events is None else events
    controller = await Controller.connect(Endpoint(path=port.path), heard.append)
    yield controller
    await controller.close()


async def test_both_sides_prove_that_they_know_the_cookie_and_neither_tells_it() -> None:
    async with control_port() as port, connected(port):
        said = " ".join(port.commands)
        assert "AUTHENTICATE" in said
        assert COOKIE.hex() not in said


async def test_a_control_port_that_does_not_know_the_cookie_learns_nothing() -> None:
    async with control_port(cookie=bytes(32)) as port:
        with pytest.raises(TorError) as caught:
            await Controller.connect(Endpoint(path=port.path), lambda _: None)
        assert caught.value.code == "control"
        assert not any(command.startswith("AUTHENTICATE") for command in port.commands)


async def test_a_control_port_that_wants_a_password_is_told_with_what_to_set() -> None:
    async with control_port(methods="HASHEDPASSWORD") as port:
        with pytest.raises(TorError) as caught:
            await Controller.connect(Endpoint(path=port.path), lambda _: None)
    assert caught.value.code == "permission"
    assert "CookieAuthentication 1" in caught.value.hint


@pytest.mark.parametrize("methods", ["NULL", "NULL,HASHEDPASSWORD"])
async def test_what_listens_on_a_tcp_port_and_proves_nothing_is_told_nothing(methods: str) -> None:
    async with control_port(methods=methods) as port:
        endpoint = await port.open_tcp()
        with pytest.raises(TorError) as caught:
            await Controller.connect(endpoint, lambda _: None)
    assert caught.value.code == "permission"
    assert "no proof" in caught.value.message
    assert "CookieAuthentication 1" in caught.value.hint
    assert port.commands == ["PROTOCOLINFO 1"]


async def test_a_tor_that_asks_for_nothing_is_taken_on_a_unix_socket() -> None:
    async with control_port(methods="NULL") as port, connected(port) as controller:
        assert await controller.get_info("version") == "0.4.9.11 (git-x)"


async def test_cookie_proves_a_tor_on_a_tcp_port() -> None:
    async with control_port() as port:
        controller = await Controller.connect(await port.open_tcp(), lambda _: None)
        assert await controller.get_info("version") == "0.4.9.11 (git-x)"
        await controller.close()


@pytest.mark.parametrize(("owner", "mode"), [(1000, 0o600), (65534, 0o600), (0, 0o644)])
async def test_cookie_that_another_person_may_know_proves_nothing_on_a_tcp_port(
    owner: int, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fstat

    def seen(descriptor: int) -> os.stat_result:
        return os.stat_result([stat.S_IFREG | mode, *real(descriptor)[1:4], owner, *real(descriptor)[5:]])

    async with control_port() as port:
        endpoint = await port.open_tcp()
        with monkeypatch.context() as patch:
            patch.setattr(os, "getuid", lambda: 1001)
            patch.setattr(os, "fstat", seen)
            with pytest.raises(TorError) as caught:
                await Controller.connect(endpoint, lambda _: None)
    assert caught.value.code == "permission"
    assert port.commands == ["PROTOCOLINFO 1"]


@pytest.mark.parametrize("content", [b"", b"short", bytes(33), None])
async def test_a_cookie_that_cannot_be_used_is_told(content: bytes | None) -> None:
    async with control_port() as port:
        port.cookie_file.unlink()
        if content is not None:
            port.cookie_file.write_bytes(content)
        with pytest.raises(TorError) as caught:
            await Controller.connect(Endpoint(path=port.path), lambda _: None)
    assert caught.value.code == "permission"
    assert content is not None or "debian-tor" in caught.value.hint


async def test_nobody_on_the_control_port_is_told(tmp_path: Path) -> None:
    for endpoint in (Endpoint(path=tmp_path / "nobody"), Endpoint(host="127.0.0.1", port=1)):
        with pytest.raises(TorError) as caught:
            await Controller.connect(endpoint, lambda _: None)
        assert caught.value.code == "control"
        assert str(endpoint) in caught.value.message


async def test_events_between_answers_are_told_and_answers_stay_whole() -> None:
    events: list[Event] = []
    async with control_port() as port, connected(port, events) as controller:
        assert await controller.get_info("version") == "0.4.9.11 (git-x)"
        circuits = (await controller.get_info("circuit-status")).splitlines()
        assert circuits == ["1 BUILT $A PURPOSE=GENERAL", "2 BUILT $B"]
        assert [event.words for event in events] == [("NETWORK_LIVENESS", "UP")]
        with pytest.raises(TorError) as caught:
            await controller.get_info("nonsense")
        assert (caught.value.code, caught.value.fields) == ("refused", {"reason": "Unrecognized key"})


async def test_a_tor_that_misses_a_deadline_counts_as_lost() -> None:
    async with control_port() as port, connected(port) as controller:
        with pytest.raises(TorError) as caught:
            await controller.get_info("silence", timeout=0.05)
        assert caught.value.code == "control"
        assert controller.closed.is_set()
        with pytest.raises(TorError):
            await controller.get_info("version")


async def test_a_lost_connection_ends_the_calls_that_wait() -> None:
    async with control_port() as port, connected(port) as controller:
        waiting = asyncio.create_task(controller.get_info("silence"))
        await port.asked_for_silence.wait()
        port.hang_up()
        with pytest.raises(TorError) as caught:
            await waiting
        assert caught.value.code == "control"
        await controller.closed.wait()


async def test_a_call_that_ended_while_it_was_sent_leaves_no_complaint(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with control_port() as port, connected(port) as controller:
        begun, sent = threading.Event(), threading.Event()

        def send(_command: str) -> None:
            begun.set()
            sent.wait(60)

        monkeypatch.setattr(controller._socket, "send", send)
        call = asyncio.create_task(controller.get_info("version"))
        await asyncio.to_thread(begun.wait, 60)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        sent.set()
        port.hang_up()
        await controller.closed.wait()
        del call
        gc.collect()
    assert caplog.text == ""


async def test_a_command_cannot_become_two() -> None:
    async with control_port() as port, connected(port) as controller:
        for command in ("GETINFO version\r\nSIGNAL HALT", "GETINFO version\nX"):
            with pytest.raises(ValueError, match="one line"):
                await controller.call(command)


async def test_nothing_said_on_the_control_port_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.NOTSET):
        logging.getLogger("stem").propagate = True
        async with control_port() as port, connected(port) as controller:
            with pytest.raises(TorError):
                await controller.call("ADD_ONION ED25519-V3:canary")
    assert "canary" not in caplog.text
    assert "AUTHENTICATE" not in caplog.text
