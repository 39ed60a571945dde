"""What a running process has loaded: a node nothing of the interface, a command nothing of the engine.

Real processes say so themselves (`python -X importtime` names every module as it is loaded), so an import
hidden in a function or made by a library counts as well.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOMEBODY = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid"  # the Tor Project's, an example
ENGINE = frozenset(
    {"aiohttp", "aiohttp_socks", "stem", "nacl", "cryptography", "apsw", "onion", "textual", "rich"}
)
LOADED = re.compile(r"^import time:.*\| *([\w.]+)\n", re.MULTILINE)


def tuichat(home: Path, *words: str) -> list[str]:
    return [sys.executable, "-X", "importtime", "-m", "tuichat", "--home", str(home), *words]


def loaded(stderr: str) -> frozenset[str]:
    """The top-level packages named in what a process said."""
    return frozenset(name.partition(".")[0] for name in LOADED.findall(stderr))


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        tuichat(home, *words), capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )


def done(home: Path, *words: str) -> str:
    """Run a command that must succeed; what it said on stderr."""
    result = run(home, *words)
    assert result.returncode == 0, LOADED.sub("", result.stderr)
    return result.stderr


def serves(home: Path) -> bool:
    return bool(json.loads(run(home, "status", "--json").stdout)["node"] == "daemon")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile without a passphrase and without a tor."""
    path = tmp_path_factory.mktemp("profile")
    path.chmod(0o700)
    (path / "tuichat.toml").write_text('[tor]\nbinary = "/nonexistent/tor"\n', encoding="utf-8")
    done(path, "init", "--no-passphrase")
    return path


@pytest.fixture(scope="module")
def daemon(home: Path) -> Iterator[subprocess.Popen[str]]:
    """That profile's node in the foreground, serving."""
    process = subprocess.Popen(tuichat(home, "daemon", "run"), stderr=subprocess.PIPE, text=True)
    try:
        while not serves(home):
            assert process.poll() is None, LOADED.sub("", process.communicate()[1])
        yield process
    finally:
        process.kill()
        process.wait()


def test_sending_loads_neither_interface_nor_engine_and_a_node_no_interface(
    home: Path, daemon: subprocess.Popen[str]
) -> None:
    done(home, "contact", "add", SOMEBODY, "--name", "bob")
    command = loaded(done(home, "send", "bob", "hello"))
    done(home, "daemon", "stop")
    _, said = daemon.communicate(timeout=30)
    node = loaded(said)
    assert "tuichat" in command
    assert command & ENGINE == frozenset()
    assert {"aiohttp", "nacl", "apsw"} <= node, "the trace of the node's imports is incomplete"
    assert node & {"textual", "rich"} == frozenset()
    assert "tuichat.health" not in said, "nobody asked for HTTP"


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["status", "--json"], ["config", "show"]])
def test_commands_that_need_no_node_load_no_engine(home: Path, words: list[str]) -> None:
    modules = loaded(run(home, *words).stderr)
    assert "tuichat" in modules
    assert modules & ENGINE == frozenset()


def test_first_picture_waits_for_no_input() -> None:
    command = [sys.executable, "-X", "importtime", "-c", "import tuichat.tui.app"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stderr
    names = LOADED.findall(said)
    assert "tuichat.tui.screens.main" in names
    assert not {"textual.widgets._text_area", "tuichat.tui.widgets.composer"} & set(names)
