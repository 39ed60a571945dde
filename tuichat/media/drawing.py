"""Pictures to look at: decoded and made small by a process of their own, taken as bare pixels.

This side opens the file, hands it to the process (`draw_picture`), gives it little time and no surroundings,
and takes nothing but red, green and blue, as many bytes as the size that it tells. The pixels lie in memory.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.media.apart import program_of, readable, run_apart
from tuichat.media.failures import UnreadableError

DRAWABLE: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
"""The media types, as `sniff` tells them, that can be shown."""

DEADLINE: Final = 20.0
"""Seconds until a process that is not done is ended. It works at low priority."""

MOST_PIXELS: Final = 1600 * 1200
"""The most that are asked for: what a process may write holds nearly three times as many."""

_PROGRAM: Final = program_of("tuichat.media.draw_picture")
_REPORT: Final = re.compile(rb"([1-9][0-9]{0,4}) ([1-9][0-9]{0,4})")


class UnshownError(TuichatError):
    """A picture cannot be shown."""

    code = "unshown"


@dataclass(frozen=True, slots=True)
class Pixels:
    """A picture: `height` rows from the top, in each `width` pixels of three bytes: red, green, blue."""

    width: int
    height: int
    data: bytes


async def draw(
    source: Path,
    media_type: str,
    width: int,
    height: int,
    deadline: float = DEADLINE,
    program: tuple[str, ...] = _PROGRAM,
) -> Pixels:
    """A picture, of a GIF the first, no larger than `width` and `height` pixels, and in their shape.

    Args:
        source: a regular file.
        media_type: what `sniff` took it for.
        deadline: seconds.
        program: what decodes; four more words tell it the type, the size and the descriptor for its report.

    Raises:
        UnshownError: it cannot be shown, for whatever reason.
    """
    if media_type not in DRAWABLE or not 0 < width * height <= MOST_PIXELS:
        raise _unshown()
    target = os.memfd_create("picture", os.MFD_CLOEXEC)
    try:
        with readable(source) as given:
            words = (media_type, str(width), str(height))
            code, report = await run_apart((*program, *words), given, target, deadline)
        size = _REPORT.fullmatch(report)
        if code != 0 or size is None:
            raise _unshown()
        pixels = Pixels(int(size[1]), int(size[2]), os.pread(target, 3 * width * height + 1, 0))
    except UnreadableError as error:
        raise _unshown() from error
    finally:
        os.close(target)
    if pixels.width > width or pixels.height > height:
        raise _unshown()
    if len(pixels.data) != 3 * pixels.width * pixels.height:
        raise _unshown()
    return pixels


def _unshown() -> UnshownError:
    return UnshownError(_("This picture cannot be shown."))
