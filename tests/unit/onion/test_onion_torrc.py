"""What goes into a torrc or a control command: nothing can become another line."""

from __future__ import annotations

from pathlib import Path

import pytest

from onion.child import ChildOptions, ChildTor
from onion.endpoint import Endpoint
from onion.errors import TorError
from onion.torrc import quoted, service_target, socket_path


def test_paths_are_quoted() -> None:
    assert quoted("/a b#c") == '"/a b#c"'
    assert quoted('/a"b\\c') == '"/a\\"b\\\\c"'
    assert socket_path("/run/x") == 'unix:"/run/x"'


@pytest.mark.parametrize("character", ["\n", "\r", "\0", "\x7f", "\t", "\udcff"])
def test_no_path_can_hold_a_control_character_or_what_is_no_utf_8(character: str) -> None:
    for function in (quoted, socket_path):
        with pytest.raises(TorError) as caught:
            function(f"/a{character}SocksPort 0.0.0.0:1")
        assert caught.value.code == "path_characters"


def test_a_socket_path_is_measured_in_bytes() -> None:
    assert socket_path("/" + "x" * 106)
    for path in ("/" + "x" * 107, "/" + "é" * 54):
        with pytest.raises(TorError) as caught:
            socket_path(path)
        assert caught.value.code == "path_too_long"
        assert caught.value.fields["limit"] == 107


@pytest.mark.parametrize("path", ["/a b", "/a,b", '/a"b', "/a\\b", "relative", "/a\nADD_ONION"])
def test_a_services_target_cannot_end_its_word(path: str) -> None:
    with pytest.raises(TorError) as caught:
        service_target(Path(path))
    assert caught.value.code == "path_characters"


async def test_a_long_run_directory_is_told_before_anything_is_made(tmp_path: Path) -> None:
    run = tmp_path / ("long" * 25)
    tor = ChildTor(ChildOptions(tmp_path / "data", run))
    with pytest.raises(TorError) as caught:
        await tor.start()
    assert caught.value.code == "path_too_long"
    assert not run.exists()


async def test_an_extra_torrc_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"# caf\xe9\n")
    for name in ("nothing", "latin"):
        run = Path("/tmp/short")
        tor = ChildTor(ChildOptions(tmp_path / "data", run, extra_torrc=tmp_path / name))
        with pytest.raises(TorError) as caught:
            await tor.start()
        assert caught.value.code == "extra_torrc"
        assert name in caught.value.message


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("/run/tor/control", Endpoint(path=Path("/run/tor/control"))),
        ("unix:/run/tor/control", Endpoint(path=Path("/run/tor/control"))),
        ("127.0.0.1:9051", Endpoint(host="127.0.0.1", port=9051)),
        ("localhost:9051", Endpoint(host="127.0.0.1", port=9051)),
        ("9051", Endpoint(host="127.0.0.1", port=9051)),
        ("[::1]:9051", Endpoint(host="::1", port=9051)),
    ],
)
def test_places_to_reach_a_tor_are_read(text: str, endpoint: Endpoint) -> None:
    assert Endpoint.parse(text) == endpoint
    assert Endpoint.parse(str(endpoint)) == endpoint


@pytest.mark.parametrize(
    "text",
    ["", "tor.example:9051", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:x", ":70000", "~nobody-of-this-name/x"],
)
def test_names_are_never_resolved_and_nonsense_is_refused(text: str) -> None:
    with pytest.raises(TorError) as caught:
        Endpoint.parse(text)
    assert caught.value.code == "endpoint"
