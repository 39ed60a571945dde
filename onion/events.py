"""What tor tells on its control port without being asked (control-spec, 4.1), and what it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from onion.address import OnionAddress
from onion.errors import AddressError
from onion.sentence import NOTHING, Sentence
from onion.tor import DialStage, Problem, Stage, TorStatus

_FAILURES = 5

WATCHED = "STATUS_CLIENT STATUS_GENERAL NETWORK_LIVENESS HS_DESC CIRC CIRC_MINOR"

_WORD = re.compile(r'([A-Za-z0-9_]+)=("(?:[^"\\]|\\.)*"|\S*)|(\S+)')
_HIDDEN_SERVICE_STATES: Mapping[str, Stage] = {
    "HSCI_CONNECTING": "introduction",
    "HSCI_INTRO_SENT": "introduction",
    "HSCR_ESTABLISHED_WAITING": "rendezvous",
}
_REASONS: Mapping[str, Problem] = {"NOROUTE": "no_network", "CLOCK_SKEW": "clock_skew"}
"""Why tor gets no further; whatever else it says, somebody may be in the way."""

_DESCRIPTOR_ACTIONS: Mapping[str, Stage] = {"REQUESTED": "descriptor", "RECEIVED": "introduction"}


@dataclass(frozen=True, slots=True)
class Event:
    """One event or status line: its bare words in order, and its KEY=value pairs without quotes."""

    words: tuple[str, ...]
    fields: Mapping[str, str]

    @classmethod
    def parse(cls, line: str) -> Event:
        words: list[str] = []
        fields: dict[str, str] = {}
        for match in _WORD.finditer(line):
            key, value, word = match.groups()
            if word is not None:
                words.append(word)
            else:
                fields[key] = _unquoted(value)
        return cls(tuple(words), fields)

    def word(self, index: int) -> str:
        """The word at `index`, or ""."""
        return self.words[index] if index < len(self.words) else ""


def status_after(status: TorStatus, event: Event) -> TorStatus:
    """The status once `event` has been told; the same object if it changes nothing."""
    kind, what = event.word(0), event.word(2)
    if kind == "STATUS_CLIENT" and what == "BOOTSTRAP":
        return _bootstrapped(status, event)
    if kind == "STATUS_CLIENT" and what == "CIRCUIT_ESTABLISHED":
        return replace(status, problem="", detail=NOTHING)
    if kind == "STATUS_GENERAL" and what == "CLOCK_SKEW":
        return replace(status, problem="clock_skew", detail=_skew(event.fields.get("SKEW", "")))
    if kind == "NETWORK_LIVENESS" and status.bootstrap == 100:
        return replace(status, problem="" if event.word(1) == "UP" else "no_network", detail=NOTHING)
    return status


def dial_stage(event: Event) -> DialStage | None:
    """The stage of a dial that an event tells of, or None."""
    kind = event.word(0)
    stage: Stage | None = None
    text = ""
    if kind == "HS_DESC":
        stage, text = _DESCRIPTOR_ACTIONS.get(event.word(1)), event.word(2)
    elif kind in ("CIRC", "CIRC_MINOR"):
        stage = _HIDDEN_SERVICE_STATES.get(event.fields.get("HS_STATE", ""))
        text = event.fields.get("REND_QUERY", "")
    if stage is None:
        return None
    try:
        return DialStage(OnionAddress.parse(text), stage)
    except AddressError:
        return None


def _bootstrapped(status: TorStatus, event: Event) -> TorStatus:
    progress = event.fields.get("PROGRESS", "")
    bootstrap = int(progress) if progress.isdecimal() else status.bootstrap
    problem: Problem = status.problem
    if event.word(1) == "WARN":
        if _is_serious(event) and problem != "clock_skew":
            problem = _REASONS.get(event.fields.get("REASON", ""), "blocked")
    elif bootstrap == 100 or (bootstrap > status.bootstrap and problem != "clock_skew"):
        problem = ""
    return replace(
        status,
        bootstrap=bootstrap,
        tag=event.fields.get("TAG", status.tag),
        summary=event.fields.get("SUMMARY", status.summary),
        problem=problem,
        detail=status.detail if problem == status.problem else NOTHING,
    )


def _skew(seconds: str) -> Sentence:
    """How far this machine's clock is off, if tor told so: positive seconds are ahead."""
    if not re.fullmatch(r"-?[0-9]{1,12}", seconds):
        return NOTHING
    minutes, is_behind = round(abs(int(seconds)) / 60), seconds.startswith("-")
    if minutes < 120 and is_behind:
        return Sentence("by {count} minutes behind", count=minutes)
    if minutes < 120:
        return Sentence("by {count} minutes ahead", count=minutes)
    if is_behind:
        return Sentence("by {count} hours behind", count=minutes // 60)
    return Sentence("by {count} hours ahead", count=minutes // 60)


def _is_serious(event: Event) -> bool:
    """Whether a failure to connect is more than bad luck.

    Tor recommends a warning after ten failures without progress, which takes it most of a minute; half as
    many are enough to say so, since it tries several directories.
    """
    count = event.fields.get("COUNT", "")
    return event.fields.get("RECOMMENDATION") == "warn" or (count.isdecimal() and int(count) >= _FAILURES)


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value
