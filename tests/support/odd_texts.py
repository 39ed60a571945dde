"""Texts that terminals and people read in many ways: joined, stacked, turned, invisible, wide and narrow."""

from __future__ import annotations

import random
from typing import Final

from hypothesis import strategies as st

PIECES: Final = (
    *("a", "word", " ", "  ", "-", "é", "Ж", "3", "(", "!"),
    *("第三页", "有图表", "，", "한글", "かな", "ﾊﾝ", "Ａ"),
    *("👍", "👍🏽", "👩\u200d👩\u200d👧", "👩🏽\u200d🚀", "❤\ufe0f", "❤", "☝\ufe0e", "⏳", "🫩", "🪿"),
    *("🇨🇳", "🇩🇪", "🇫", "1\ufe0f\u20e3", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"),
    *("e\u0301", "o\u0302\u0323\u0308", "x" + "\u0335" * 8, "\u0301"),
    *("नि", "क्षि", "हिन्दी", "ക്\u200dഷ", "ශ්\u200dරී", "ภาษาไทย", "น้ำ", "ລາວ", "ខ្មែរ", "தமிழ்"),
    *("שלום", "שָׁלוֹם", "العربية", "مُحَمَّد", "\u200f", "می\u200cخواهم", "٣"),
    *("ᄒ\u119e\u11ab", "ᄀ\u1161", "\u1100\u1100"),
    *("\u200b", "\u200c", "\u200e", "\u00ad", "\u3000", "\u3164"),
)


def odd_texts(most: int = 12) -> st.SearchStrategy[str]:
    """One line of at most so many pieces."""
    return st.lists(st.sampled_from(PIECES), max_size=most).map("".join)


def seeded_text(seed: int, pieces: int = 12) -> str:
    """The same line for the same seed."""
    chosen = random.Random(seed)
    return "".join(chosen.choice(PIECES) for _piece in range(pieces))
