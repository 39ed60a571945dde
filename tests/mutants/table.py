"""All mutants there are: importing this has planted them in the table."""

from __future__ import annotations

from tests.mutants import files, handshake, link, ratchet
from tests.mutants.planting import MUTANTS, Mutant

__all__ = ["MUTANTS", "Mutant", "files", "handshake", "link", "ratchet"]
