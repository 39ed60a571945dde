"""The signs, beyond ASCII, that the Linux console can show whatever font is loaded."""

from __future__ import annotations

from typing import Final

_OF_DEBIAN = "£§©®°±Ëëπ–•←↑→↓−≤≥─│┌┐└┘├┤┬┴┼═║╒╔╗╘╙╚╛╝╞╟╠╡╣╦╧╨╩╪╬█░▒■▲▶▼◀♦"
"""What all fonts of Debian's console-setup 1.221 for alphabets have, as the tables in them say."""

_OF_THE_KERNEL = bytes(range(128, 256)).decode("cp437") + "•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼⌂▶◀"
"""The kernel's own: code page 437, with what stands in the places of control characters."""

ON_EVERY_CONSOLE: Final = frozenset(_OF_DEBIAN) & frozenset(_OF_THE_KERNEL)
