"""Bridge lines as people paste them, what is said about those that are none, and the programs they need."""

from __future__ import annotations

from pathlib import Path

import pytest

from onion.bridges import (
    SNOWFLAKE_LINES,
    bridges_torrc,
    parse_bridges,
    transports_of,
)
from onion.errors import TorError
from onion.transports import find_program, look_at_program

FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"
# The example of Debian's README of obfs4proxy.
CERT = "cert=VB9mQFAGV/jXguEiXDDthSlXMh1Xr+h4OCfd8ZLXySfzmipU3lmdqLsQiegtsKAE/vurZg"
OBFS4 = f"obfs4 192.0.2.42:40000 {FINGERPRINT} {CERT} iat-mode=0"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that alone is looked into for programs; its name has what torrc lines stumble over."""
    directory = tmp_path / 'a#b"\\c'
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    monkeypatch.setattr("onion.transports.OTHER_DIRECTORIES", ())
    return directory


def put(directory: Path, name: str, script: str = "exit 1") -> Path:
    path = directory / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def refusal(*lines: str) -> TorError:
    with pytest.raises(TorError) as caught:
        parse_bridges(lines)
    assert caught.value.code == "bridge"
    return caught.value


def test_bridge_lines_as_people_paste_them_are_read(programs: Path) -> None:
    put(programs, "obfs4proxy")
    bridges = parse_bridges(
        [
            "# from a friend",
            "",
            f"Bridge 192.0.2.7:443 {FINGERPRINT}",
            f"  obfs4 [2001:db8::7]:9001 {FINGERPRINT} {CERT} iat-mode=1  ",
            f"\ufeffbridge obfs4\u00a0192.0.2.42:40000 {FINGERPRINT} {CERT} iat-mode=0\u200b",
            OBFS4,
            "192.0.2.9:80",
        ]
    )
    escaped = str(programs).replace("\\", "\\\\").replace('"', '\\"')
    assert bridges_torrc(bridges) == (
        "UseBridges 1\n"
        f'ClientTransportPlugin "obfs4 exec {escaped}/obfs4proxy"\n'
        f"Bridge 192.0.2.7:443 {FINGERPRINT}\n"
        f"Bridge obfs4 [2001:db8::7]:9001 {FINGERPRINT} {CERT} iat-mode=1\n"
        f"Bridge {OBFS4}\n"
        "Bridge 192.0.2.9:80\n"
    )
    assert bridges_torrc([]) == ""


def test_the_word_snowflake_brings_all_that_it_takes(programs: Path) -> None:
    put(programs, "snowflake-client")
    bridges = parse_bridges(["Snowflake"])
    assert bridges == parse_bridges(SNOWFLAKE_LINES) == parse_bridges(["snowflake", *SNOWFLAKE_LINES])
    assert len(bridges) == 2
    assert transports_of([*bridges, *parse_bridges([OBFS4])]) == ["obfs4", "snowflake"]
    assert bridges_torrc(bridges).count("ClientTransportPlugin") == 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("192.0.2.7:443\nControlPort 0.0.0.0:9051", "character"),
        ("192.0.2.7:443\rx", "character"),
        ("192.0.2.7:443 \\", "character"),
        ("192.0.2.7:443 # comment", "character"),
        ('obfs4 192.0.2.7:443 cert="x"', "character"),
        ("192.0.2.7:443 ünïcode=1", "character"),
        ("192.0.2.7", "an address with a port"),
        ("192.0.2.7:0", "no port 0"),
        ("192.0.2.7:99999", "no port 99999"),
        ("192.0.2.777:1", "“192.0.2.777” is no address"),
        ("192.0.2.7:4_4", "an address with a port"),
        ("2001:db8::7:443", "brackets"),
        ("[2001:db8::g]:443", "an address with a port"),
        ("[192.0.2.7]:443", "no address"),
        ("example.com:443", "an address with a port"),
        ("exec 192.0.2.7:443", "“exec” is neither"),
        ("obfs4", "an address with a port"),
        ("Bridge", "an address with a port"),
        (f"192.0.2.7:443 {FINGERPRINT} {FINGERPRINT}", "neither a fingerprint nor an option"),
        (f"192.0.2.7:443 {FINGERPRINT[:-1]}", "40 hexadecimal digits, this one 39"),
        (f"192.0.2.7:443 {FINGERPRINT} {CERT}", "options need the transport's name"),
        (f"obfs4 192.0.2.7:443 {FINGERPRINT}", "needs cert="),
        (f"obfs4 192.0.2.7:443 {FINGERPRINT} iat-mode=0", "needs cert="),
        (f"obfs4 192.0.2.7:443 {FINGERPRINT} {CERT[:-3]} iat-mode=0", "not whole"),
        (f"obfs4 192.0.2.7:443 {FINGERPRINT} {CERT[:-1]}! iat-mode=0", "not whole"),
        (f"obfs4 192.0.2.7:443 {FINGERPRINT} {CERT}", "iat-mode=0, 1 or 2"),
        (f"obfs4 192.0.2.7:443 {FINGERPRINT} {CERT} iat-mode=3", "iat-mode=0, 1 or 2"),
        (f"obfs4 192.0.2.7:443 {CERT} {CERT} iat-mode=0", "cert= stands there twice"),
        (f"obfs4 192.0.2.7:443 {CERT} iat-mode=0 x={'y' * 500}", "longer than the 510 bytes"),
        (f"snowflake 192.0.2.3:80 {FINGERPRINT}", "the word snowflake alone"),
        ("snowflake 192.0.2.3:80 url=https://x/ ice=stun.example:3478", "ice="),
        ("snowflake 192.0.2.3:80 url=http://x/ ice=stun:x:3478", "url=https"),
        ("webtunnel [2001:db8::1]:443 ver=0.0.1", "url=https"),
    ],
)
def test_what_is_no_bridge_line_is_refused_with_its_number_and_the_reason(line: str, says: str) -> None:
    error = refusal("# a comment", OBFS4, "", line)
    assert error.fields["line"] == 4
    assert error.message.startswith("Line 4 is no bridge line: ")
    assert says in error.message
    assert "bridges.torproject.org" in error.hint


def test_transport_without_its_program_is_told_with_the_command_that_brings_it(programs: Path) -> None:
    lines = [(OBFS4, "obfs4proxy"), ("snowflake", "snowflake-client")]
    for line, package in lines:
        with pytest.raises(TorError) as caught:
            bridges_torrc(parse_bridges([line]))
        assert caught.value.code == "transport"
        assert caught.value.hint == f"Install the package {package}, or use other bridges."
    put(programs, "apt-get")
    for line, package in lines:
        with pytest.raises(TorError) as caught:
            bridges_torrc(parse_bridges([line]))
        assert f"sudo apt-get install {package}, or" in caught.value.hint
    with pytest.raises(TorError) as caught:
        find_program("webtunnel")
    assert "lyrebird" in caught.value.hint
    put(programs, "obfs4proxy").chmod(0o644)
    with pytest.raises(TorError) as caught:
        find_program("obfs4")
    assert caught.value.code == "transport"


async def test_programs_tell_their_versions_on_either_stream(programs: Path) -> None:
    path = put(programs, "obfs4proxy", 'test "$1" = -version && echo obfs4proxy-0.0.14')
    found = await look_at_program("obfs4")
    assert (found.path, found.version) == (path, "0.0.14")
    put(programs, "snowflake-client", "echo snowflake-client 2.5.1 >&2; echo more")
    assert (await look_at_program("snowflake")).version == "2.5.1"
    put(programs, "lyrebird", "exit 3")
    assert (await look_at_program("obfs4")).version == ""
    put(programs, "lyrebird").write_bytes(b"\x7fELF no program")
    with pytest.raises(TorError) as caught:
        await look_at_program("obfs4")
    assert caught.value.code == "transport"


def test_path_with_a_space_is_refused_for_tor_would_split_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "a b"
    directory.mkdir()
    put(directory, "lyrebird")
    monkeypatch.setenv("PATH", str(directory))
    monkeypatch.setattr("onion.transports.OTHER_DIRECTORIES", ())
    with pytest.raises(TorError) as caught:
        find_program("obfs4")
    assert caught.value.code == "path_characters"
    assert "a b/lyrebird" in caught.value.message
