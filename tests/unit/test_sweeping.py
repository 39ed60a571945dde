"""What is swept off the disk: what has a name as we give them, whatever the store says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.stores import open_store
from tuichat.node.sweeping import Sweeping


async def at_once(work: Callable[[], Any]) -> Any:
    return work()


async def test_a_database_that_names_files_of_others_has_none_of_them_removed(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    ours = [tmp_path / name for name in ("0123456789abcdef", ".tuichat-0011.part")]
    others = [tmp_path / name for name in ("id_ed25519", ".tuichat-0011.part.txt", "0123456789ABCDEF")]
    for path in (*ours, *others):
        path.write_bytes(b"x")
        store.transfers.leave(str(path))
    sweeping = Sweeping(store, at_once)
    sweeping.sweep()
    await asyncio.gather(*sweeping._sweeps)
    assert [path for path in (*ours, *others) if path.exists()] == others
    assert store.transfers.remains() == []
    await sweeping.close()
    store.close()
