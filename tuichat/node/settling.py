"""What a person settles anew while their node runs."""

from __future__ import annotations

import contextlib

from tuichat.errors import StorageError
from tuichat.node.parts import NodeParts, Settled
from tuichat.node.receipts import Receipts
from tuichat.node.signs import Signs
from tuichat.node.timers import Timers


class Settling:
    """That part of a node, for whoever has these."""

    _with: NodeParts
    _receipts: Receipts
    _signs: Signs
    _timers: Timers

    def settle(self, settled: Settled) -> None:
        """Go by this from now on; files that are on their way keep the circuits that they have."""
        self._with.files.limits = settled.files
        self._signs.settle(settled.signs)
        self._timers.settle(settled.retention)
        if not settled.signs.receipts:
            with contextlib.suppress(StorageError):  # the next start tries again
                self._receipts.withdraw()
