"""The manual pages of section 7 have every key, command, frame, body and adversary there is, and no other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.support import rpc_page
from tuichat.model import MAX_TEXT_BYTES
from tuichat.tui.screens.help import key_rows
from tuichat.tui.slash import usages

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "man").iterdir())
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
MACROS = {
    "TH",
    "SH",
    "SS",
    "TP",
    "PP",
    "IP",
    "B",
    "I",
    "BR",
    "BI",
    "RI",
    "IR",
    "RB",
    "IB",
    "nf",
    "fi",
    "RS",
    "RE",
}


def plain(name: str) -> str:
    """A page without the font changes and escapes of roff."""
    source = (ROOT / "man" / name).read_text(encoding="utf-8")
    return re.sub(r"\\f[RIBP]|\\&", "", source).replace("\\-", "-").replace("\\e", "\\")


def entries(page: str, section: str) -> dict[str, str]:
    """Head and explanation of each entry in a section."""
    inside = page.partition(f".SH {section}\n")[2].partition("\n.SH ")[0]
    return dict(re.findall(r"^\.TP\n\.B ([^\n]+)\n([^\n]+)$", inside, re.MULTILINE))


def said(meaning: str) -> str:
    return f"{meaning[0].upper()}{meaning[1:]}."


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_page_is_sound_and_installed(page: Path) -> None:
    source = page.read_text(encoding="utf-8")
    assert source.startswith(f".TH {page.stem.upper()} ".replace("-", "\\-"))
    used = set(re.findall(r"^\.([A-Za-z]+)", source, re.MULTILINE))
    assert used <= MACROS
    assert not re.search(r"^'", source, re.MULTILINE)  # would be taken as a request
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    places = wheel["targets"]["wheel"]["shared-data"]
    assert places[f"man/{page.name}"] == f"share/man/man{page.suffix[1:]}/{page.name}"


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_page_sends_nobody_to_a_page_that_there_is_not(page: Path) -> None:
    ours = {found.name for found in PAGES}
    for name, section in re.findall(r"\b(tuichat[a-z.-]*) \((\d)\)", plain(page.name)):
        assert f"{name}.{section}" in ours


def test_every_key_stands_in_the_manual() -> None:
    listed = entries(plain("tuichat-keys.7"), "KEYS")
    assert listed == {key: said(meaning) for key, meaning in key_rows()}


def test_every_slash_command_stands_in_the_manual() -> None:
    listed = entries(plain("tuichat-keys.7"), "COMMANDS")
    assert listed == {
        f"/{name} {argument}".strip(): said(meaning) for name, (argument, meaning) in usages().items()
    }


def test_every_frame_stands_in_the_manual_with_its_fields() -> None:
    listed = entries(plain("tuichat-protocol.7"), "FRAMES")
    frames = re.findall(r"^\| (\d+) \| ([A-Z]+) \| (.+) \|$", PROTOCOL, re.MULTILINE)
    assert len(frames) > 10
    assert set(listed) == {f"{number} {name}" for number, name, _ in frames}
    for number, name, fields in frames:
        if fields != "empty":
            assert fields in listed[f"{number} {name}"]


def test_every_body_stands_in_the_manual_with_its_elements() -> None:
    section = PROTOCOL.partition("| kind | name |")[2].partition("\n\n")[0]
    bodies = re.findall(r"^\| (\d+) \| ([a-z ]+) \| (.+) \|$", section, re.MULTILINE)
    assert len(bodies) > 5
    listed = entries(plain("tuichat-protocol.7"), "MESSAGES")
    assert listed == {f"{number} {name}": fields for number, name, fields in bodies}


def test_limits_of_the_manual_are_those_of_the_protocol() -> None:
    limits = entries(plain("tuichat-protocol.7"), "LIMITS")
    assert f"{MAX_TEXT_BYTES:,} bytes" in limits
    words = " ".join(PROTOCOL.split())
    for limit in limits:
        assert limit.split()[0] in words, limit


def test_every_adversary_stands_in_the_manual() -> None:
    model = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    table = model.partition("| Adversary |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| ([A-Z][^|:]+?)(?::[^|]*)? \|", table, re.MULTILINE)
    assert len(named) > 10
    assert list(entries(plain("tuichat-security.7"), "WHO LEARNS WHAT")) == named


def test_every_method_of_the_api_stands_in_the_manual() -> None:
    page = rpc_page.PAGE.read_text(encoding="utf-8")
    assert len(rpc_page.document()["methods"]) > 50
    assert page == rpc_page.written(page), "write it anew: python -m tests.support.rpc_page"
