"""Pictures by the terminal's own graphics (kitty's protocol, sixel), through textual-image.

The one module of the interface that knows textual-image, and Pillow, which that wants its pictures from: they
are made of bare pixels, and nothing is decoded here. Both are loaded only where pictures are shown.
"""

from __future__ import annotations

import termios
from collections.abc import Callable
from importlib.util import find_spec
from select import select
from typing import Any

from textual.widget import Widget

from tuichat.tui.context import Graphics

ImageWidget = Callable[[Any], Widget]
"""One of textual-image's kinds of widgets: made of a picture of Pillow's."""


def is_installed() -> bool:
    """Whether the extra `images` is here."""
    return find_spec("textual_image") is not None


def find_graphics() -> Graphics | None:
    """What shows a picture on this terminal; None: it has no graphics.

    textual-image asks the terminal when it is imported, and reads the answer from where keys come from. So
    this must be called before the interface reads keys; where something was typed ahead nobody asks.
    """
    try:
        if select([0], [], [], 0)[0]:
            return None
        from textual_image import renderable
        from textual_image.widget import SixelImage, TGPImage
    except (ImportError, OSError, ValueError, termios.error):
        return None
    widgets: dict[object, ImageWidget] = {
        renderable.SixelImage: SixelImage,
        renderable.TGPImage: TGPImage,
    }
    kind = widgets.get(renderable.Image)
    return None if kind is None else _maker_of(kind)


def _maker_of(kind: ImageWidget) -> Graphics:
    from PIL import Image

    def make(data: bytes, width: int, height: int) -> Widget:
        return kind(Image.frombytes("RGB", (width, height), data))

    return make
