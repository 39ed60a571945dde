"""What may stand as a reaction: one picture, and nothing beside it."""

from __future__ import annotations

import re

from tuichat.protocol.pictographs import PICTOGRAPHS, SKIN_TONES
from tuichat.protocol.sanitize import MAX_JOINERS, sanitize_text

_PICTURE = f"[{PICTOGRAPHS}][\ufe0f{SKIN_TONES}]?"
_SEQUENCE = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"  # a flag of two letters
    "|[0-9#*]\ufe0f?\u20e3"  # a keycap
    "|\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"  # a flag of tags
    f"|{_PICTURE}(?:\u200d{_PICTURE}){{0,{MAX_JOINERS}}}"
)


def one_emoji(text: str) -> str:
    """The emoji sequence that `text` is once it is sanitised (UTS 51, ED-17), "" if it is none or not one."""
    clean = sanitize_text(text)
    return clean if _SEQUENCE.fullmatch(clean) else ""
