"""What a node can be asked about files: that part of the local API."""

from __future__ import annotations

from typing import Protocol

from tuichat.model import File, Sent


class FileApi(Protocol):
    """That part of `NodeApi`."""

    async def file_send(
        self, ref: str, paths: list[str], caption: str = "", as_is: bool = False
    ) -> list[Sent]:
        """Offer files, and all that is in folders; each is read to its end first.

        Args:
            paths: absolute.
            caption: words that go with the first.
            as_is: nothing is taken out of pictures.
        """
        ...

    async def file_list(
        self, ref: str | None = None, limit: int = 500, before: int | None = None
    ) -> list[File]:
        """Files of one contact or of all, oldest first: the newest `limit`, or those just before a file id.

        Of those that have ended, each contact's newest thousand are told. Fewer than asked for are the end.
        Over the socket an answer has at most 500; the client asks on until it has `limit`.
        """
        ...

    async def file_get(self, file: int) -> File:
        """One file by its id."""
        ...

    async def file_accept(
        self, file: int, to: str = "", whole_group: bool = False, newest: int = 0
    ) -> list[File]:
        """Fetch an offered file, into the inbox or under its own name into the directory `to`.

        With `whole_group` also the others that were offered in one go with it and still wait for an answer,
        in their folders: up to the file `newest`, the last one that the person saw, for more may have come
        since; 0 for all that there are. If one cannot be taken, the error's hint names those that were.
        """
        ...

    async def file_decline(self, file: int) -> File:
        """Do not want an offered file; its sender is told."""
        ...

    async def file_cancel(self, file: int) -> File:
        """End a transfer or take an offer back; the other side is told, what was fetched is removed."""
        ...

    async def file_pause(self, file: int) -> File:
        """Let a transfer rest until `file_resume`; either side may."""
        ...

    async def file_resume(self, file: int) -> File:
        """Go on with a transfer that this side paused, or that failed for a reason that may be gone."""
        ...

    async def file_prepare(self, file: int) -> None:
        """An offer came on screen: get circuits ready if its contact is verified.

        Never fails, and may do nothing.
        """
        ...
