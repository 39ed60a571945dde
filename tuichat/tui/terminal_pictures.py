"""Pictures by the terminal's own graphics (kitty's protocol, sixel), through textual-image.

The one module of the interface that knows textual-image, and Pillow, which that wants its pictures from: they
are made of bare pixels, and nothing is decoded here. Both are loaded only where pictures are shown.
"""

from __future__ import annotations

import os
import termios
import tty
from collections.abc import Callable
from importlib.util import find_spec
from select import select
from typing import Any, Final

from textual.widget import Widget

from tuichat.tui.context import Graphics

ImageWidget = Callable[[Any], Widget]
"""One of textual-image's kinds of widgets: made of a picture of Pillow's."""


_WHAT_ARE_YOU: Final = b"\x1b[c"
"""Every terminal answers this (DA1) with `ESC [ ?`, numbers and a `c`."""

QUICK_SECONDS = 0.05
"""Half of what textual-image waits for an answer."""

_PATIENCE_SECONDS: Final = 1.0
_LONGEST_ANSWER: Final = 64


def is_installed() -> bool:
    """Whether the extra `images` is here."""
    return find_spec("textual_image") is not None


def find_graphics() -> Graphics | None:
    """What shows a picture on this terminal; None: it has no graphics.

    textual-image asks the terminal when it is imported, and reads the answer from where keys come from. So
    this must be called before the interface reads keys; where something was typed ahead, or the terminal is
    far away, it is not asked: its answers would be mixed with keys.
    """
    try:
        if select([0], [], [], 0)[0] or not _answers_at_once():
            return None
        from textual_image import renderable
        from textual_image.widget import SixelImage, TGPImage
    except (ImportError, OSError, ValueError, ZeroDivisionError, termios.error):
        return None  # it cannot be asked, answers what nobody understands, or has no columns
    widgets: dict[object, ImageWidget] = {
        renderable.SixelImage: SixelImage,
        renderable.TGPImage: TGPImage,
    }
    kind = widgets.get(renderable.Image)
    return None if kind is None else _maker_of(kind)


def _answers_at_once() -> bool:
    """Ask something that all terminals answer; a late answer is taken in, so that it becomes no keys."""
    before = termios.tcgetattr(0)
    tty.setcbreak(0, termios.TCSANOW)
    try:
        os.write(1, _WHAT_ARE_YOU)
        quick = bool(select([0], [], [], QUICK_SECONDS)[0])
        said = b""
        while len(said) < _LONGEST_ANSWER and select([0], [], [], _PATIENCE_SECONDS)[0]:
            said += os.read(0, 1)
            if said.endswith(b"c"):
                return quick and said.startswith(b"\x1b[?")
        return False
    finally:
        termios.tcsetattr(0, termios.TCSANOW, before)


def _maker_of(kind: ImageWidget) -> Graphics:
    from PIL import Image

    def make(data: bytes, width: int, height: int) -> Widget:
        return kind(Image.frombytes("RGB", (width, height), data))

    return make
