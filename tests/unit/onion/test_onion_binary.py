"""Finding a tor and judging its version: each way it can be wrong has its sentence."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from onion.binary import advisories, ask_version, check_version, find_tool, find_tor, parse_version
from onion.child import ChildOptions, ChildTor
from onion.errors import TorError


def script(directory: Path, body: str) -> Path:
    path = directory / "tor"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def child(directory: Path, binary: Path | None = None) -> ChildTor:
    return ChildTor(ChildOptions(directory / "data", directory / "run", binary=binary))


async def test_a_tor_tells_its_version(tmp_path: Path) -> None:
    assert await ask_version(script(tmp_path, "echo 'Tor version 0.4.8.12.'; echo more")) == "0.4.8.12"


@pytest.mark.parametrize("body", ["echo 'Usage: tor'", "exit 3", ":", "head -c 100000 /dev/zero"])
async def test_what_is_no_tor_is_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises(TorError) as caught:
        await ask_version(script(tmp_path, body))
    assert caught.value.code == "not_tor"


async def test_what_cannot_be_executed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tor"
    path.write_bytes(b"\x7fELF no program")
    path.chmod(0o755)
    with pytest.raises(TorError) as caught:
        await ask_version(path)
    assert caught.value.code == "missing"


async def test_an_old_tor_does_not_start_and_the_hint_says_what_to_install(tmp_path: Path) -> None:
    tor = child(tmp_path, script(tmp_path, "echo 'Tor version 0.4.7.16.'"))
    with pytest.raises(TorError) as caught:
        await tor.start()
    assert caught.value.code == "too_old"
    assert "0.4.7.16" in caught.value.message
    assert "support.torproject.org" in caught.value.hint
    assert (tor.status.alive, tor.status.problem) == (False, "too_old")
    assert not (tmp_path / "data").exists()


async def test_a_missing_tor_is_told_with_the_command_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("onion.binary.OTHER_DIRECTORIES", ())
    manager = tmp_path / "apt-get"
    manager.touch(mode=0o755)
    tor = child(tmp_path)
    with pytest.raises(TorError) as caught:
        await tor.start()
    assert caught.value.code == "missing"
    assert "apt-get install tor" in caught.value.hint
    assert tor.status.problem == "missing"
    manager.unlink()
    with pytest.raises(TorError) as caught:
        find_tool("tor-gencert")
    assert "torproject.org" in caught.value.hint


def test_a_configured_path_is_used_or_named(tmp_path: Path) -> None:
    path = script(tmp_path, "")
    assert find_tor(path) == path
    path.chmod(stat.S_IRUSR)
    for wrong in (path, tmp_path, tmp_path / "nothing", Path("~nobody-of-this-name/tor")):
        with pytest.raises(TorError) as caught:
            find_tor(wrong)
        assert caught.value.code == "missing"
        assert str(wrong) in caught.value.message


@pytest.mark.parametrize(
    ("version", "supported"),
    [
        ("0.4.7.99", False),
        ("0.3.5.18", False),
        ("0.4.8.0", True),
        ("0.4.8.12-dev", True),
        ("0.5.0.1-alpha", True),
    ],
)
def test_the_oldest_supported_version_is_0_4_8(version: str, supported: bool) -> None:
    if supported:
        check_version(version)
    else:
        with pytest.raises(TorError):
            check_version(version)


def test_versions_before_the_fix_have_an_advisory() -> None:
    assert ["0.4.9.12" in text and "CVE-2026-87724" in text for text in advisories("0.4.9.11")] == [True]
    assert advisories("0.4.9.12") == []
    assert advisories("0.4.10.1") == []


@pytest.mark.parametrize("text", ["", "0.4", "four", "0.4.8"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(TorError):
        parse_version(text)
