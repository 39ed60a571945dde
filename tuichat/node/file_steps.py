"""What each side's word about a file changes: one table of steps, for the sender's node and the receiver's.

    step          who says it    what it brings
    ACCEPTED      the receiver   it is wanted
    DECLINED      the receiver   the end: declined
    CANCELLED     either         the end: cancelled
    PAUSED        either         it rests, until whoever said so says GOES_ON
    GOES_ON       either         that side does not want it to rest any more
    COMPLETE      the receiver   the end: complete
    CHANGED       the sender     the end: failed, for the file is not what was offered any more

A step about a file whose offer has ended, or that is not the speaker's to take, changes nothing: the two
sides may decide at the same moment, and either order ends alike. Pure decisions, without store or network.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal

from tuichat.model import FileReason, FileState, PausedBy
from tuichat.store.records import FileRow
from tuichat.store.transfers import FileChanges


class Step(IntEnum):
    """As on the wire (`protocol.bodies.FileStep`)."""

    ACCEPTED = 1
    DECLINED = 2
    CANCELLED = 3
    PAUSED = 4
    GOES_ON = 5
    COMPLETE = 6
    CHANGED = 7


@dataclass(frozen=True, slots=True)
class End:
    """The offer is over."""

    state: FileState
    reason: FileReason = ""


Outcome = FileChanges | End | None

_OF_RECEIVER: Final = frozenset(Step) - {Step.CHANGED}
_OF_SENDER: Final = frozenset({Step.CANCELLED, Step.PAUSED, Step.GOES_ON, Step.CHANGED})
_ENDS: Final[dict[Step, FileState]] = {
    Step.DECLINED: "declined",
    Step.CANCELLED: "cancelled",
    Step.COMPLETE: "complete",
    Step.CHANGED: "failed",
}


def taken(row: FileRow, step: Step, *, mine: bool) -> Outcome:
    """What a step brings; None for nothing. `mine`: this node's person took it, else the peer."""
    speaks_receiver = (row.direction == "in") is mine
    if row.ended_at is not None or step not in (_OF_RECEIVER if speaks_receiver else _OF_SENDER):
        return None
    if step in _ENDS:
        reason: FileReason = "changed" if step is Step.CHANGED else ""
        return End(_ENDS[step], reason or ("" if mine or step is Step.COMPLETE else "peer"))
    if step is Step.ACCEPTED:
        changes = FileChanges(accepted=True, state="paused" if row.paused_by else "waiting")
        return None if row.accepted else changes
    paused_by = _paused_by(row.paused_by, "me" if mine else "them", pausing=step is Step.PAUSED)
    if paused_by == row.paused_by:
        return None
    if row.state == "failed":  # on this disk: only this person can have it go on
        return FileChanges(paused_by=paused_by)
    return FileChanges(paused_by=paused_by, state="paused" if paused_by else resting(row))


def is_offered(row: FileRow) -> bool:
    """Whether a file waits for this person's answer."""
    return row.direction == "in" and row.ended_at is None and not row.accepted


def resting(row: FileRow) -> FileState:
    """The state of an unfinished file that nobody pauses and nothing carries."""
    return "waiting" if row.accepted else "offered"


def _paused_by(before: PausedBy, side: Literal["me", "them"], *, pausing: bool) -> PausedBy:
    mine = pausing if side == "me" else before in ("me", "both")
    theirs = pausing if side == "them" else before in ("them", "both")
    if mine and theirs:
        return "both"
    return "me" if mine else "them" if theirs else ""
