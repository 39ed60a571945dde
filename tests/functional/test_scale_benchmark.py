"""The command that measures what grows with contacts and messages runs, at the smallest size."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_scale_is_measured_and_a_link_beside_a_bare_one() -> None:
    options = ("--contacts", "2", "--messages", "60", "--rounds", "1", "--on-a-link", "8")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", *options],
        capture_output=True,
        text=True,
        timeout=200,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for label in (
        "from process to answer",
        "online until delivered",
        "written while dials hang",
        "memory after the start",
    ):
        assert label in done.stdout
    assert "x the time of the bare WebSocket" in done.stdout
    assert "x the time of seal, open and commit" in done.stdout
