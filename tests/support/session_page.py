"""The recorded session, docs/session.md: what two people see of `tests.support.journey`.

python -m tests.support.session_page     goes the way anew and records it; takes about a minute
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from tests.support.journey import Scene, travelled
from tests.support.network_thread import NetworkThread

PAGE: Final = Path(__file__).parents[2] / "docs" / "session.md"

_INTRO: Final = """\
# A session, from the first start to the last

Two people, Ada and Bob, meet over Tor, talk, and leave nothing behind. These are the windows that they saw,
of 80 columns and 24 rows; rows in which nothing stands are left out. Nothing here was drawn by hand: a test
goes this way at two terminals, over a real Tor network that is private to it, and
`python -m tests.support.session_page` records it anew. The addresses were thrown away with the profiles.

[Your first hour](first-hour.md) tells the same as a guide.
"""
_EMPTY: Final = re.compile(r"[\s│▌]*")


def written(scenes: Sequence[Scene]) -> str:
    """The page that tells these scenes."""
    parts = [_INTRO]
    for number, (step, told) in enumerate(groupby(scenes, key=lambda scene: scene.step), 1):
        parts.append(f"## {number}. {step}\n")
        parts += [f"{scene.says}\n\n```text\n{trimmed(scene.screen)}\n```\n" for scene in told]
    return "\n".join(parts)


def trimmed(screen: str) -> str:
    """A window without what is not for the reader: rows with nothing in them, and where its home was."""
    rows = re.sub(r"/\S*/(?:ada|bob)/", "~/", screen).splitlines()
    return "\n".join(row.rstrip() for row in rows if not _EMPTY.fullmatch(row))


def outline(page: str) -> list[str]:
    """The headings of a page and what is said below them, without the windows."""
    return [line for line in re.sub(r"```text\n.*?```", "", page, flags=re.DOTALL).splitlines() if line]


def windows(page: str) -> Iterator[str]:
    """The windows on a page, in order."""
    yield from re.findall(r"```text\n(.*?)```", page, re.DOTALL)


async def recorded(torrc: Path) -> str:
    """The page of a way that is gone now."""
    async with travelled(torrc) as journey:
        return written(journey.scenes)


if __name__ == "__main__":
    with NetworkThread() as network:
        PAGE.write_text(asyncio.run(recorded(network.torrc)), encoding="utf-8")
