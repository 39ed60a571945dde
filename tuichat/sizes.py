"""Amounts of data: as people write them in settings, and as they are shown to them.

Written: a number, perhaps with a decimal point, and a unit behind it, in whatever case: B, kB, MB, GB and TB
are powers of 1000, KiB, MiB, GiB and TiB powers of 1024; without a unit they are bytes.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

MOST_BYTES: Final = 2**63 - 1
"""The largest amount there is, in bytes."""

_DECIMAL = ("B", "kB", "MB", "GB", "TB")
_UNITS: Final = {
    **{unit.lower(): 1000**power for power, unit in enumerate(_DECIMAL)},
    **{unit.lower(): 1024 ** (power + 1) for power, unit in enumerate(("KiB", "MiB", "GiB", "TiB"))},
    "": 1,
}
_WRITTEN = re.compile(r"([0-9]{1,19}(?:\.[0-9]{1,9})?) *([A-Za-z]{0,3})", re.ASCII)


def parse_size(text: str) -> int | None:
    """The bytes of "10MiB", "500 kB" or "1048576"; None if it is no amount, or one beyond `MOST_BYTES`."""
    found = _WRITTEN.fullmatch(text.strip())
    unit = _UNITS.get(found[2].lower()) if found else None
    if found is None or unit is None:
        return None
    size = int(Decimal(found[1]) * unit)
    return size if size <= MOST_BYTES else None


def exact_size(size: int) -> str:
    """`size` in bytes as `parse_size` reads it, in the largest unit that needs no fraction."""
    for unit, factor in (
        ("GiB", 2**30),
        ("MiB", 2**20),
        ("KiB", 2**10),
        ("GB", 10**9),
        ("MB", 10**6),
        ("kB", 1000),
    ):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)


def shown_size(size: int) -> str:
    """`size` in bytes for a person: "812 B", "2.1 MB", "184 MB"; powers of 1000, at most three digits."""
    amount, power = Decimal(size), 0
    while (rounded := _rounded(amount)) >= 1000 and power < len(_DECIMAL) - 1:
        amount, power = amount / 1000, power + 1
    return f"{rounded.normalize():f} {_DECIMAL[power]}"


def _rounded(amount: Decimal) -> Decimal:
    """To one decimal below a hundred, else to none."""
    step = Decimal("0.1") if amount < Decimal("99.95") else Decimal(1)
    return amount.quantize(step, ROUND_HALF_UP)
