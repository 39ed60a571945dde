"""What a tor that uses bridges tells about them, and what that means.

Tor has no event of its own for a bridge that a transport cannot reach: it tells the bootstrap's failures of
bridges without a transport only, and repeats the transports' words in its log, whose lines come as the events
NOTICE and WARN.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from onion.events import Event
from onion.sentence import NOTHING, Sentence
from onion.tor import TorStatus

BRIDGES_WATCHED = "NOTICE WARN"

_FAILURES = 3
"""Of so many in a row the person is told: a bridge may be restarted just now, a snowflake melts easily."""

_PAST_THE_BRIDGE = 14
"""From this percentage on the bridge itself has answered: tor has shaken hands with it."""

_REASONS: Mapping[str, Sentence] = {
    "CONNECTREFUSED": Sentence("the bridge refuses the connection"),
    "TIMEOUT": Sentence("the bridge does not answer"),
    "NOROUTE": Sentence("there is no way to the bridge"),
    "IDENTITY": Sentence("who answers has another fingerprint than the bridge's line"),
    "PT_MISSING": Sentence("the program for the bridge's transport does not run"),
    "DONE": Sentence("the bridge ends the connection"),
    "IOERROR": Sentence("the connection to the bridge breaks"),
    "CONNECTRESET": Sentence("the connection to the bridge breaks"),
}
_UNREACHED = Sentence(
    "the transport does not get through to the bridge: it is gone, blocked, or its line is old"
)
_ENDED = Sentence("the program for the bridge's transport ends by itself")
_NONE_LEFT = ("NOTICE", "Delaying", "directory", "fetches:", "No", "running")
"""How tor begins to say that every bridge has failed; at its start it says so before it has tried any."""

_PROGRAM_SAYS = re.compile(r'Managed proxy "[^"]*/([\w.-]+)": (.*fail.*)', re.IGNORECASE)
_MOST_WORDS = 120
_MOST_READ = 1000
_TELLS_WHERE = re.compile(
    r"""\w+://\S+                                # a URL
    | \[[0-9A-Fa-f:.%]+\](?::\d+)?             # an IPv6 address, as it stands before a port,
    | (?:[0-9A-Fa-f]{0,4}:){2,}[0-9A-Fa-f:.]*  # and by itself
    | (?:[\w-]+\.)+[\w-]+(?::\d+)?            # an IPv4 address, or a name
    | \b[0-9A-Fa-f]{40}\b              # a fingerprint""",
    re.VERBOSE | re.ASCII,
)
"""What may be a bridge's in a transport's words; not every transport's program leaves it out by itself."""


class BridgeNews:
    """Counts what failed since the bridges were told to tor, until one of them has answered."""

    def __init__(self) -> None:
        self._failures = 0
        self._reached = False
        self._last = NOTHING

    def after(self, status: TorStatus, event: Event) -> TorStatus:
        """`status`, as it is after `event` for who uses bridges; the same object if that changes nothing."""
        reason = _reason(event)
        if status.problem == "blocked" or (status.problem == "no_network" and reason):
            return replace(status, problem="bridge", detail=reason)
        if _is_success(event):
            self._failures, self._reached = 0, True
            return replace(status, problem="", detail=NOTHING) if status.problem == "bridge" else status
        if event.words[:6] == _NONE_LEFT and self._failures and status.problem == "":
            return replace(status, problem="bridge", detail=self._last)
        if not reason or event.word(0) == "STATUS_CLIENT":
            return status
        self._failures, self._last = self._failures + 1, reason
        if self._failures >= _FAILURES and not self._reached and status.problem in ("", "bridge"):
            return replace(status, problem="bridge", detail=reason)
        return status


def _is_success(event: Event) -> bool:
    """Whether an event tells that a bridge answers: tor gets past it, or a circuit stands."""
    if event.word(0) == "CIRC":
        return event.word(2) == "BUILT"
    progress = event.fields.get("PROGRESS", "")
    return event.word(1) == "NOTICE" and progress.isdecimal() and int(progress) >= _PAST_THE_BRIDGE


def _reason(event: Event) -> Sentence:
    """Why a bridge is not reached, if an event tells; else ""."""
    if event.word(0) == "STATUS_CLIENT":
        return _REASONS.get(event.fields.get("REASON", ""), NOTHING)
    if event.word(0) not in BRIDGES_WATCHED.split():
        return NOTHING
    line = " ".join(event.words[1:])
    if line.startswith("Proxy Client: unable to connect"):
        return _UNREACHED
    if line.startswith("Managed proxy") and (" terminated " in line or " died " in line):
        return _ENDED
    if said := _PROGRAM_SAYS.fullmatch(line):
        return Sentence("{program} says: {words}", program=said[1], words=_plain(said[2]))
    return NOTHING


def _plain(words: str) -> str:
    """Another program's words, which may repeat what a stranger sent: letters and signs of one line.

    They are shown, and told to whoever reads the status: what may be a bridge's address is taken out.
    """
    plain = "".join(each for each in words if each.isascii() and each.isprintable())
    if len(plain) > _MOST_READ:  # half an address would not be known as one
        plain = plain[:_MOST_READ].rpartition(" ")[0]
    return _TELLS_WHERE.sub("[...]", plain)[:_MOST_WORDS]
