"""What can go wrong with tor, told by a machine-readable code and by a sentence.

Every error has a `code` (stable, for programs), the `fields` of its sentences, a `message`, and a `hint` of
what to do; an application can translate both (`onion.sentence`). No field ever holds a key or a whole onion
address.
"""

from __future__ import annotations

from onion.sentence import Sentence


class OnionError(Exception):
    """The root of this package's errors.

    Args:
        code: stable identifier such as "missing" or "checksum".
        template: English sentence with `{name}` places for the fields.
        hint: English sentence that says what to do next, or ""; the same places apply.
        fields: values for the places.
    """

    def __init__(self, code: str, template: str, hint: str = "", **fields: str | int) -> None:
        self.code = code
        self.fields = fields
        self.message = Sentence(template, **fields)
        self.hint = Sentence(hint, **fields)
        super().__init__(self.message)


class AddressError(OnionError):
    """A text is no version 3 onion address.

    Codes: empty, character, length, version2, checksum, version, key.
    """


class TorError(OnionError):
    """A tor cannot be found, started, reached or used.

    Codes: missing, too_old, not_tor, path_too_long, path_characters, directory, extra_torrc, bridge,
    transport, not_ours, start, busy, system, endpoint, control, permission, refused, not_ready,
    not_published, closed.
    """


class DialError(OnionError):
    """A stream through tor could not be opened.

    Codes: descriptor (not found), introduction, rendezvous, client_key (missing or wrong), address, refused,
    unreachable, timeout, socks.
    """
