"""The measurements over Tor come to their ends; how fast anything is, is not tested here."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.network_thread import NetworkThread

pytestmark = pytest.mark.tor

ROOT = Path(__file__).parents[2]
SECONDS = 120.0


async def benchmark(name: str, *options: str) -> str:
    """What a benchmark prints; it must succeed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"benchmarks.{name}", "--rounds", "1", *options),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "TUICHAT_TOR__BINARY"},
    )
    try:
        async with asyncio.timeout(SECONDS):
            said, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    assert process.returncode == 0, complaint.decode()
    return said.decode()


async def test_both_sides_are_measured_over_a_network_that_is_up(tor_network: NetworkThread) -> None:
    network = ("--torrc", str(tor_network.torrc), "--latency", "0")
    delivery, cold = await asyncio.gather(
        benchmark("delivery", "--messages", "1", "--bytes", "200", *network),
        benchmark("cold", "--arrivals", "1", *network),
    )
    for said in (delivery, cold):
        assert "0 ms a link" in said
        assert "tuichat, send to delivered" in said
    assert "raw WebSocket echo" in delivery
    assert "target: at most 1.25" in delivery
    assert "raw SOCKS connect and 2 round trips" in cold
    assert "tuichat, published to received" in cold
    assert "target: at most 1.3, and 1 s more" in cold


async def test_a_network_that_is_not_private_is_refused(tmp_path: Path) -> None:
    public = tmp_path / "torrc"
    public.write_text("SocksPort 0\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="leads to no private network"):
        await benchmark("cold", "--torrc", str(public))
