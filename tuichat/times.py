"""The time of day as people read it: by 24 hours, or by twice twelve.

Everything else about dates follows the language of the sentence they stand in; this follows the country, for
people who speak one language read clocks in two ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from tuichat.i18n import _
from tuichat.languages import locale_of

Hours = Literal["24h", "12h"]

_TWELVE_HOURS: Final = (
    "AE AG AL AS AU BB BD BH BM BN BO BS BT CA CO CR CU CY DJ DM DO DZ EC EG "
    "EH ER ET FJ FM GD GH GM GR GT GU GY HK HN IN IQ JM JO KI KN KP KR KW KY "
    "LB LC LR LS LY MH MO MP MR MW MX MY NA NI NZ OM PA PE PG PH PK PR PS PW "
    "QA SA SB SD SG SL SO SS SV SY SZ TC TD TN TO TT TW UM US VC VE VG VI VU "
    "WS YE ZM"
)
"""Territories that prefer twelve hours: Unicode CLDR, supplemental data, timeData."""


def habit(environment: Mapping[str, str]) -> Hours:
    """How the clock is read where the system says that it is: by the territory of LC_ALL, LC_TIME or LANG.

    Not by what the C library knows of that locale: it need not be installed for the language to be chosen.
    """
    name = locale_of(environment, "LC_TIME").split(".")[0].split("@")[0]
    return "12h" if name.partition("_")[2].rpartition("_")[2].upper() in _TWELVE_HOURS.split() else "24h"


def moment(at: datetime, hours: Hours) -> str:
    """Day and time of day on this computer's clock: `2026-11-21 14:31`, or `2026-11-21 2:31 PM`."""
    local = at.astimezone()
    return f"{local:%Y-%m-%d} {time_of_day(local, hours)}"


def time_of_day(at: datetime, hours: Hours, *, seconds: bool = False) -> str:
    """`14:31` or `2:31 PM`, where it is `at`; with seconds `14:31:05` or `2:31:05 PM`."""
    if hours == "24h":
        return f"{at:%H:%M:%S}" if seconds else f"{at:%H:%M}"
    behind = f"{at:%M:%S}" if seconds else f"{at:%M}"
    half = _("{time} AM") if at.hour < 12 else _("{time} PM")
    return half.format(time=f"{at.hour % 12 or 12}:{behind}")
