"""A node served on a socket in a short temporary directory, for tests of the API and of its clients."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from tuichat.api.limits import OWNER, Limits
from tuichat.api.scoped import ServedApi
from tuichat.api.server import ApiServer


@contextlib.asynccontextmanager
async def served(
    api: ServedApi, owner: int | None = None, limits: Limits = OWNER
) -> AsyncIterator[tuple[ApiServer, Path]]:
    """The server and the path of its socket; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tc") as directory:
        path = Path(directory) / "api.sock"
        server = ApiServer(api, path, owner=owner, limits=limits)
        await server.start()
        try:
            yield server, path
        finally:
            await server.close()
