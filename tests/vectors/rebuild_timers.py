"""Builds tests/vectors/timers.json: what timer bodies come to, one after the other, and what is said next.

    python -m tests.vectors.rebuild_timers

`holds` has revision and seconds of what holds then; `next_revision` is that of who sets the timer at `now`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from tuichat.node.timer_rules import LOOK_BACK, holds, next_revision
from tuichat.protocol.bodies import MAX_REVISION, THE_TWO_OF_US, Timer
from tuichat.store.records import ConversationRow

PATH = Path(__file__).with_name("timers.json")
NOW: Final = 1_795_269_600

STORIES: Final = {
    "one after the other": [(NOW, 3600), (NOW + 1, 60), (NOW + 9, 0)],
    "an earlier one comes late": [(NOW + 1, 60), (NOW, 3600), (1, 30)],
    "of two at once the shorter": [(NOW, 3600), (NOW, 60), (NOW, 0), (NOW, 120)],
    "off is longer than any": [(NOW, 0), (NOW, 31_622_400)],
    "any is later than none": [(MAX_REVISION, 30)],
    "behind the last comes the first": [(MAX_REVISION, 30), (1, 60), (MAX_REVISION, 90)],
    "as far back as is looked": [(LOOK_BACK + 1, 30), (1, 60), (MAX_REVISION, 90)],
    "by no clock, then by one": [(NOW, 3600), (2**52, 30), (NOW + 2, 7200)],
}

Json = dict[str, object]


def build() -> Json:
    """The whole file as one object."""
    return {
        "source": "tests/vectors/rebuild_timers.py; format in docs/protocol.md",
        "now": NOW,
        "stories": [_story(name, said) for name, said in STORIES.items()],
    }


def _story(name: str, said: list[tuple[int, int]]) -> Json:
    known, steps = ConversationRow(1), []
    for revision, seconds in said:
        if holds(Timer(THE_TWO_OF_US, bytes(16), 0, seconds, revision), known):
            known = ConversationRow(1, timer=seconds, timer_revision=revision)
        step = {"revision": revision, "seconds": seconds, "holds": [known.timer_revision, known.timer]}
        steps.append({**step, "next_revision": next_revision(known, NOW * 1000)})
    return {"name": name, "said": steps}


def rendered() -> str:
    """The file's text."""
    return json.dumps(build(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(rendered(), encoding="utf-8")
