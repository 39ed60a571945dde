"""Files as the node lists them: in pages, the newest first."""

from __future__ import annotations

from tuichat.api.client import AsyncClient
from tuichat.model import File

PAGE = 500
"""How many are asked for at a time."""


async def files_between(
    node: AsyncClient, ref: str | None, first: int, last: int | None = None
) -> list[File]:
    """The files with ids from `first` to `last` of one contact or all, as far as they are still listed."""
    before = None if last is None else last + 1
    found: list[File] = []
    while page := await node.file_list(ref, PAGE, before):
        found = [file for file in page if file.id >= first] + found
        before = page[0].id
        if before <= first:
            break
    return found
