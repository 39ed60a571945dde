"""All mutants there are: importing this has planted them in the table."""

from __future__ import annotations

from tests.mutants import deeds, files, handshake, invites, link, memory, ratchet, requests, timers
from tests.mutants.planting import MUTANTS, Mutant

__all__ = [
    "MUTANTS",
    "Mutant",
    "deeds",
    "files",
    "handshake",
    "invites",
    "link",
    "memory",
    "ratchet",
    "requests",
    "timers",
]
