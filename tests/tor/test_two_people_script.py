"""The script in which two people talk while their nodes are killed, as anybody can run it by hand."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.support.network_thread import NetworkThread

pytestmark = pytest.mark.tor

SCRIPT = Path(__file__).parents[1] / "functional" / "two_people"


def test_histories_are_equal_ordered_and_complete_after_kills_on_both_sides(
    tor_network: NetworkThread,
) -> None:
    with tempfile.TemporaryDirectory(prefix="tc") as scratch:
        done = subprocess.run(
            [SCRIPT, "--messages", "200", "--torrc", tor_network.torrc, "--timeout", "200"],
            env={**os.environ, "TMPDIR": scratch},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=260,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("SIGKILL") == 3
        assert "both histories are equal, ordered and complete: 400 messages each" in done.stdout
        assert "no process and no file is left" in done.stdout
        assert list(Path(scratch).iterdir()) == []


def test_usage_names_every_option(tmp_path: Path) -> None:
    shown = subprocess.run(
        [SCRIPT, "--help"], capture_output=True, text=True, timeout=60, cwd=tmp_path
    ).stdout
    for option in ("--messages", "--latency", "--torrc", "--timeout"):
        assert option in shown
