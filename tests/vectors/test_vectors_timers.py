"""The frozen timers: which of several holds, and what a writer says next."""

from __future__ import annotations

import json

from tests.vectors.rebuild_timers import PATH, rendered


def test_code_still_gives_the_frozen_timers() -> None:
    """If the wire changed on purpose, run the script and say so in docs/protocol.md."""
    assert rendered() == PATH.read_text(encoding="utf-8")


def test_frozen_timers_are_those_that_the_page_tells_of() -> None:
    ends = {
        story["name"]: tuple(story["said"][-1]["holds"])
        for story in json.loads(PATH.read_text(encoding="utf-8"))["stories"]
    }
    now, last = 1_795_269_600, 2**53 - 1
    assert ends == {
        "one after the other": (now + 9, 0),
        "an earlier one comes late": (now + 1, 60),
        "of two at once the shorter": (now, 60),
        "off is longer than any": (now, 31_622_400),
        "any is later than none": (last, 30),
        "behind the last comes the first": (1, 60),
        "as far back as is looked": (last, 90),
        "by no clock, then by one": (now + 2, 7200),
    }
