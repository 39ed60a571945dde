"""Sentences and words put one behind the other, as the chosen language writes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tuichat.i18n import _

_WIDE_ENDS: Final = ("。", "？", "！")


def paragraph(*sentences: str) -> str:
    """Whole sentences; a full stop that is as wide as two letters needs no space behind it."""
    text = ""
    for sentence in sentences:
        text += sentence if not text or text.endswith(_WIDE_ENDS) else f" {sentence}"
    return text


def enumerated(words: Iterable[str]) -> str:
    """Words, with what stands between them."""
    return _(", ").join(words)
