"""What holds for every test: no socket leaves this machine, and no process stays behind.

Nor does any log say what it must not: every record of every test, at every level, is looked at as a node
would write it (`support/careful_logs.py`), and so is what nodes say that run in processes of their own
(`support/guard/log_canary.py`).

The loopback guard is installed here, before any test module is imported, and handed on by PYTHONPATH to every
Python process that a test starts with this environment. In it a node finds no tor: one with default settings
would call the public network. A test that wants tor says so, and which network it is to join.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import secrets
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.support.careful_logs import careful_logs as careful_logs

_GUARD = Path(__file__).parent / "support" / "guard"
_GRACE = 20.0  # seconds: a detached node ends 10 s after its last client left
_RUN_MARK = "CHECKOUT_TEST_RUN"
_RUN = secrets.token_hex(8)
"""A process id would be that of an earlier run, too, whose processes may live still."""


def _new_record(variable: str) -> Path:
    """A file that the environment names."""
    descriptor, record = tempfile.mkstemp(prefix="loopback-guard-")
    os.close(descriptor)
    os.environ[variable] = record
    return Path(record)


def _install_guard() -> Path:
    """Watch this process and those it starts; return the file where departures are written down."""
    record = _new_record("LOOPBACK_GUARD_RECORD")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_GUARD), os.environ.get("PYTHONPATH")]))
    os.environ[_RUN_MARK] = _RUN
    for name in [name for name in os.environ if name.startswith("TUICHAT_")]:
        del os.environ[name]  # this person's own
    os.environ["TUICHAT_TOR__BINARY"] = "/nonexistent/tor"
    spec = importlib.util.spec_from_file_location("loopback_guard", _GUARD / "sitecustomize.py")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return record


_RECORD = _install_guard()
_SAID = _new_record("LOG_CANARY_RECORD")

# With all that the tests' tools keep, looking for garbage after each 700 objects takes a tenth of the time.
gc.set_threshold(50_000, 20, 50)

# Searching tests draw the same examples every time, so that a red run can be repeated; nothing is timed.
hypothesis.settings.register_profile("checkout", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("checkout")


def _left_behind() -> dict[int, str]:
    """Processes that were started with this run's environment and still live: pid and command line."""
    mark = f"{_RUN_MARK}={_RUN}".encode()
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            marked = mark in (process / "environ").read_bytes().split(b"\0")
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended while we looked, or is another person's
        if marked and state != "Z" and int(process.name) != os.getpid():
            found[int(process.name)] = command
    return found


def _end_those_left_behind() -> list[str]:
    deadline = time.monotonic() + _GRACE
    while (left := _left_behind()) and time.monotonic() < deadline:
        time.sleep(0.2)
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return [f"{pid}: {command}" for pid, command in left.items()]


@pytest.fixture(autouse=True, scope="session")
def surroundings() -> Iterator[None]:
    """Fails the run if anything left this machine, or any process outlived the tests."""
    yield
    left = _end_those_left_behind()
    departures = _RECORD.read_text(encoding="utf-8")
    said = _SAID.read_text(encoding="utf-8")
    _RECORD.unlink()
    _SAID.unlink()
    assert not said, f"a node's log said what it must not:\n{said}"
    assert not departures, f"sockets left this machine:\n{departures}"
    assert not left, "processes were left behind:\n" + "\n".join(left)
