"""A relay of the private network is told to try again only when it can hear that; its ports stay its own."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from onion.private.link import Link
from onion.private.relay import Relay, RelayPlace, free_port

SECONDS = 30.0
TOR = """\
#!/bin/sh
trap 'echo reloaded' HUP
trap "echo \\"Registered server transport 'obfs4'\\"" USR1
trap 'exit 0' TERM
echo 'Bootstrapped 0% (starting): Starting'
while :; do sleep 0.01; done
"""


async def said(relay: Relay, words: str) -> list[str]:
    """What the process has printed, as soon as `words` are in it."""
    assert relay._process is not None
    async with asyncio.timeout(SECONDS):
        while not any(words in line for line in relay._process.output()):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)
    return relay._process.output()


async def test_bridge_is_not_told_to_reload_before_its_program_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = tmp_path / "tor"
    binary.write_text(TOR)
    binary.chmod(0o755)
    monkeypatch.setattr("onion.private.relay.find_program", lambda _name: binary)
    bridge = Relay(binary, RelayPlace("bridge", tmp_path, 1, obfs4_port=2), Link("bridge"))
    await bridge.start("")
    try:
        await said(bridge, "Bootstrapped")
        bridge.retry_downloads()
        assert bridge._process is not None
        bridge._process.send_signal(signal.SIGUSR1)
        assert "reloaded" not in await said(bridge, "Registered")
        assert bridge.registered.is_set()
        bridge.retry_downloads()
        assert "reloaded" in await said(bridge, "reloaded")
    finally:
        await bridge.stop()


@pytest.mark.parametrize(
    ("given", "first", "last"), [("12000\t60999\n", 10_000, 12_000), ("1024\t65535\n", 10_000, 65_535)]
)
def test_ports_are_none_that_the_system_gives_to_connections_if_it_leaves_any(
    given: str, first: int, last: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "ip_local_port_range"
    told.write_text(given)
    monkeypatch.setattr("onion.private.relay._GIVEN_PORTS", told)
    assert all(first <= free_port() < last for _ in range(50))
