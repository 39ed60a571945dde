"""What the doctor finds about the clock: Tor works only with the right time and date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tuichat.cli.context import Context
from tuichat.cli.doctor_tor import running_tor
from tuichat.cli.finding import Finding
from tuichat.i18n import _
from tuichat.model import TorState

_OLDEST_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Before this version was made: a clock that says less is wrong."""

_CONSENSUSES: Final = ("cached-microdesc-consensus", "cached-consensus")
_HEAD_BYTES: Final = 4096
_TOLERATED: Final = timedelta(minutes=5)


def clock(context: Context) -> Iterator[Finding]:
    """The clock against this version's age, the running tor's word, and what tor has fetched last."""
    now = datetime.fromtimestamp(context.clock.now(), tz=UTC)
    yield about_clock(now, running_tor(context), consensus_time(context.paths().tor))


def about_clock(now: datetime, tor: TorState, consensus: datetime | None) -> Finding:
    """What to say of a clock that says `now`."""
    shown = f"{now:%Y-%m-%d %H:%M} UTC"
    hint = _("Set it: Tor works only with the right time and date.")
    if now < _OLDEST_NOW:
        text = _("the clock says {time}, which is past").format(time=shown)
        return Finding("clock", "error", text, hint, "past")
    if tor.problem == "clock_skew":
        text = _("the clock says {time}, which the Tor network says is wrong").format(time=shown)
        return Finding("clock", "error", f"{text}: {tor.detail}" if tor.detail else text, hint, "skew")
    if consensus is not None and now < consensus - _TOLERATED:
        text = _("the clock says {time}, but tor has a consensus of the network from {consensus}")
        text = text.format(time=shown, consensus=f"{consensus:%Y-%m-%d %H:%M} UTC")
        return Finding("clock", "error", text, hint, "behind")
    return Finding("clock", "ok", shown)


def consensus_time(directory: Path) -> datetime | None:
    """When the consensus in tor's data directory became valid (dir-spec 3.4.1); None if there is none."""
    for name in _CONSENSUSES:
        try:
            with (directory / name).open("rb") as file:
                head = file.read(_HEAD_BYTES)
        except OSError:
            continue
        found = re.search(rb"^valid-after (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)$", head, re.MULTILINE)
        try:
            return None if found is None else datetime.fromisoformat(found[1].decode() + "+00:00")
        except ValueError:
            return None
    return None
