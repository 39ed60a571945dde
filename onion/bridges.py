"""Bridge lines and pluggable transports: what a person pastes, made into torrc lines and nothing else."""

from __future__ import annotations

import ipaddress
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from onion.errors import TorError
from onion.sentence import Sentence
from onion.torrc import quoted

# Programs by transport, in order of preference.
_PROGRAMS = {
    "obfs4": ("lyrebird", "obfs4proxy"),
    "meek_lite": ("lyrebird", "obfs4proxy"),
    "webtunnel": ("lyrebird", "webtunnel-client"),
    "snowflake": ("snowflake-client", "lyrebird"),
}
_PACKAGES = {
    "obfs4": "obfs4proxy",
    "meek_lite": "obfs4proxy",
    "webtunnel": "webtunnel",
    "snowflake": "snowflake-client",
}
_FINGERPRINT = re.compile(r"\$?[0-9A-Fa-f]{40}")
_OPTION = re.compile(r"[A-Za-z0-9_-]+=[!-~]+")


@dataclass(frozen=True, slots=True)
class Bridge:
    """One bridge: its transport ("" for none) and its words as tor reads them."""

    transport: str
    words: tuple[str, ...]

    @property
    def torrc(self) -> str:
        return " ".join(("Bridge", *self.words))


def parse_bridges(lines: Sequence[str]) -> list[Bridge]:
    """Read bridge lines, with or without the word "Bridge"; empty ones and # comments are passed over.

    Raises:
        TorError: a line is no bridge line (code "bridge", its number in the field `line`).
    """
    bridges = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text and not text.startswith("#"):
            bridges.append(_parse(number, text))
    return bridges


def bridges_torrc(bridges: Sequence[Bridge]) -> str:
    """The torrc lines that make tor use these bridges only; "" for none.

    Raises:
        TorError: the program for a transport is not installed (code "transport").
    """
    if not bridges:
        return ""
    transports = sorted({bridge.transport for bridge in bridges if bridge.transport})
    plugins = [f"ClientTransportPlugin {name} exec {_program(name)}" for name in transports]
    return "\n".join(["UseBridges 1", *plugins, *(bridge.torrc for bridge in bridges)]) + "\n"


def _parse(number: int, text: str) -> Bridge:
    if not text.isascii() or not text.isprintable() or any(character in text for character in '"#\\'):
        raise _refused(number, Sentence("it holds a character that no bridge line has"))
    words = text.split()
    if words[0].lower() == "bridge":
        words = words[1:]
    transport = ""
    if words and not _is_address(words[0]):
        transport, *words = words
        if transport not in _PROGRAMS:
            reason = Sentence(
                "“{word}” is neither an address nor a transport that is known", word=transport[:40]
            )
            raise _refused(number, reason)
    if not words or not _is_address(words[0]):
        raise _refused(number, Sentence("an address with a port must follow, such as 192.0.2.7:443"))
    for place, word in enumerate(words[1:]):
        if not (_OPTION.fullmatch(word) or (place == 0 and _FINGERPRINT.fullmatch(word))):
            raise _refused(
                number, Sentence("“{word}” is neither a fingerprint nor an option", word=word[:40])
            )
    return Bridge(transport, ((transport, *words) if transport else tuple(words)))


def _is_address(word: str) -> bool:
    host, _, port = word.rpartition(":")
    try:
        ipaddress.ip_address(host.strip("[]"))
        return 0 < int(port) < 65536
    except ValueError:
        return False


def _program(transport: str) -> str:
    for name in _PROGRAMS[transport]:
        found = shutil.which(name)
        if found is not None:
            # Tor splits these words at spaces and knows no quotes here.
            if " " in found:
                break
            return quoted(found)[1:-1]
    raise TorError(
        "transport",
        "The program for {transport} bridges is not installed.",
        "Install the package {package}, or use other bridges.",
        transport=transport,
        package=_PACKAGES[transport],
    )


def _refused(number: int, reason: Sentence) -> TorError:
    return TorError(
        "bridge",
        "Line {line} is no bridge line: {reason}.",
        "Paste the lines as https://bridges.torproject.org/ gives them, one bridge a line.",
        line=number,
        reason=reason,
    )
