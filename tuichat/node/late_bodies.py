"""Bodies that an earlier version kept because it could not read them: read, and put in place (S6).

A message comes to stand where its unread bytes stood; what is done to messages is done now, in the order in
which it came. What cannot be read now either stays as it is, and holds up nothing behind it.
"""

from __future__ import annotations

from typing import Final, get_args

from tuichat import __version__
from tuichat.node.events import EventHub
from tuichat.node.inbox import Inbox
from tuichat.protocol.bodies import Body
from tuichat.store.store import Store

SETTING: Final = "bodies_read"
KINDS: Final = ",".join(str(kind.__struct_config__.tag) for kind in get_args(Body)).encode()
"""The kinds that this version knows."""

VERSION: Final = __version__.encode()
"""Another version may read more of a kind that was known before: where a limit grew, say."""

_PAGE: Final = 100


class LateBodies:
    """Those of all contacts."""

    def __init__(self, store: Store, hub: EventHub) -> None:
        self._store = store
        self._hub = hub

    def read(self) -> None:
        """Read what can be read by now. Raises StorageError; what was read until then is in place."""
        reader = KINDS + b" " + VERSION
        if self._store.settings.get(SETTING) == reader:
            return  # which has tried already
        after = 0
        while rows := self._store.messages.unreadable(after, _PAGE):
            for row in rows:
                with self._hub.change() as changes:
                    read = Inbox(self._store, row.contact).take_late(row, changes)
                    if read and not self._store.search.is_whole():
                        self._store.search.begin_anew()  # which would come to it once more, and put it in
            after = rows[-1].id
        if after:  # where nothing was kept, looking again costs nothing
            self._store.settings.put(SETTING, reader)
