"""Whether a text is an address or an invite that somebody pasted; whether it is a good one the node says."""

from __future__ import annotations

import re
from typing import Final

_ADDRESS: Final = r"(?i:(?:https?://)?[a-z2-7]{55}d(?:\.onion)?/?)"
_INVITE: Final = "tuichat1:"


def looks_like_address(text: str) -> bool:
    """Whether it is meant as one, whatever breaks it into lines."""
    joined = "".join(text.split())
    return re.fullmatch(_ADDRESS, joined) is not None or joined.lower().startswith(_INVITE)
