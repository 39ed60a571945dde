"""A client tells nothing to whoever listens in its node's place."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

import pytest

from tuichat.api import AsyncClient
from tuichat.errors import UnreachableError


@pytest.mark.parametrize("own", [0, 1000])
async def test_other_users_listener_hears_nothing(own: int, monkeypatch: pytest.MonkeyPatch) -> None:
    over: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        over.set_result(await reader.read())
        writer.close()

    real = os.getuid()
    with tempfile.TemporaryDirectory(prefix="tc") as directory:
        path = Path(directory) / "api.sock"
        server = await asyncio.start_unix_server(listen, path)
        monkeypatch.setattr("tuichat.api.peer.peer_uid", lambda _connection: 4_000_000)
        monkeypatch.setattr(os, "getuid", lambda: own)
        with pytest.raises(UnreachableError) as caught:
            await AsyncClient.open(path)
        monkeypatch.setattr(os, "getuid", lambda: real)
        assert await over == b""
        server.close()
        await server.wait_closed()
    assert str(path) in caught.value.message
    assert "another user" in caught.value.message
    assert ("sudo -u #4000000" in caught.value.hint) == (own == 0)
