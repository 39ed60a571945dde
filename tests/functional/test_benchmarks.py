"""The commands that measure speed run and print both sides. How fast anything is, is not tested here."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def benchmark(name: str, *options: str) -> str:
    """What a benchmark prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *options],
        capture_output=True,
        text=True,
        timeout=200,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "name",
    [
        "boot",
        "cold",
        "command",
        "delivery",
        "flood",
        "headless",
        "history",
        "interface",
        "keypresses",
        "keys",
        "ratchet",
        "search",
    ],
)
def test_benchmark_says_what_it_claims(name: str) -> None:
    said = benchmark(name, "--help")
    assert "claim" in said.lower()
    assert "--rounds" in said
    assert f"benchmarks.{name}" in (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")


def test_command_is_measured_beside_an_idle_python() -> None:
    said = benchmark("command", "--rounds", "1")
    assert "python -c pass" in said
    assert "target: at most 200.0 ms" in said
    assert "of aiohttp, textual: none" in said


def test_headless_is_measured_beside_other_programs() -> None:
    said = benchmark("headless", "--quick")
    for other in ("python -c pass", "its libraries imported", "toxic", "profanity", "bare asyncio echo"):
        assert other in said
    for target in ("at most 1.5", "at most 0.50 %", "at most 15.0 MB", "at least 1,000"):
        assert f"target: {target}: " in said
    (told,) = re.findall(r"without a gap +([0-9,]+) ", said)
    assert told == "1,000"


def test_interface_is_measured_beside_a_trivial_program() -> None:
    said = benchmark("interface", "--rounds", "1", "--messages", "30", "--no-memory")
    assert "interface, first paint" in said
    assert "trivial Textual program" in said
    assert "target: at most 1.3" in said


def test_history_is_measured_by_what_a_person_does_and_by_the_longest_turn_of_the_loop() -> None:
    said = benchmark("history", "--rounds", "1", "--messages", "30", "--conversations", "5", "--starts", "1")
    for bounded in ("page up", "another size", "a message arrives"):
        assert re.search(rf"{bounded}: worst .*target: at most 50.0 ms", said)
    assert "the quick switch, a name, and there: worst" in said
    assert "target: at most 33.0 ms" in said
    assert "trivial Textual program" in said


def test_keys_are_measured_while_messages_arrive_beside_a_bare_program_and_an_echo() -> None:
    few = ("--rounds", "1", "--messages", "30", "--conversations", "5", "--arriving", "20")
    said = benchmark("keypresses", *few)
    assert "while 20 messages arrive" in said
    assert said.count("bare text area") == said.count("bare echo") == 2
    assert "target: at most 50.0 ms" in said
