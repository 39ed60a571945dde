"""What is said about a private network that comes up: each time, its attempts, and the worst one's target."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from benchmarks import boot
from onion.private_network import NetworkOptions, Step


def test_each_round_tells_its_time_and_its_attempts(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[NetworkOptions] = []

    @asynccontextmanager
    async def network(options: NetworkOptions) -> AsyncIterator[None]:
        seen.append(options)
        assert options.progress is not None
        options.progress(Step.KEYS)
        if len(seen) == 2:
            options.progress(Step.AGAIN)
        options.progress(Step.READY)
        yield

    boot.measure(3, 25.0, network)
    assert [options.latency_ms for options in seen] == [25.0] * 3
    said = capsys.readouterr().out
    assert [line.rpartition(": ")[2] for line in said.splitlines() if "round" in line] == ["1", "2", "1"]
    assert "from start to up: worst" in said
    assert "target: at most 30.000 s: met" in said
