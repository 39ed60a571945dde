"""Whether a contact is who they should be: safety numbers and codes, shown and compared (K4, C7)."""

from __future__ import annotations

from shlex import quote

from tuichat.crypto.identity import Identity, safety_number
from tuichat.errors import KeyNotTrustedError, TuichatError, UsageError
from tuichat.i18n import _
from tuichat.model import SafetyNumber
from tuichat.node.events import EventHub
from tuichat.protocol.knock import PROTOCOL_VERSION
from tuichat.protocol.safety import looks_like_safety_code, safety_code, same_safety_code
from tuichat.store.records import ContactRow
from tuichat.store.store import Store


class Verification:
    """Shows what two people compare, and marks a contact when it is the same."""

    def __init__(self, store: Store, hub: EventHub, identity: Identity) -> None:
        self._store = store
        self._hub = hub
        self._me = (identity.onion, identity.sig)

    def show(self, row: ContactRow) -> SafetyNumber:
        """The number and the code of a contact, and those of another key that it has shown.

        Raises:
            UsageError: there is nothing to compare yet.
        """
        if not _verifiable(row) and row.other_sig is None:
            raise _too_early(row)
        return SafetyNumber(
            contact=row.id,
            digits="" if row.sig is None else self._number(row, row.sig),
            verified=row.verified,
            code="" if row.sig is None else self._code(row, row.sig),
            changed_digits="" if row.other_sig is None else self._number(row, row.other_sig),
        )

    def compare(self, row: ContactRow, given: str) -> SafetyNumber:
        """Mark the contact as verified if what the other person sees is the same.

        Args:
            given: the digits, with or without spaces, or the text of the code.

        Raises:
            UsageError: there is nothing to compare yet.
            KeyNotTrustedError: it is the number of the key that was shown instead.
            TuichatError: it does not match; nothing was changed.
        """
        if not _verifiable(row) or row.sig is None:
            raise _too_early(row)
        if not self._matches(row, row.sig, given):
            raise self._mismatch(row, given)
        with self._hub.change() as changes:
            changed = self._store.contacts.update(row.id, verified=True)
            changes.contact(row.id)
        return self.show(changed)

    def _mismatch(self, row: ContactRow, given: str) -> TuichatError:
        if row.other_sig is not None and self._matches(row, row.other_sig, given):
            return KeyNotTrustedError(
                _(
                    "This is the number of another key that {name}'s address showed. Nothing was changed."
                ).format(name=row.petname),
                _("If it is from them, take their new key: tuichat contact trust {name} --yes").format(
                    name=quote(row.petname)
                ),
            )
        return TuichatError(
            _("The safety number does not match. Nothing was changed."),
            _("Compare again; if it stays different, somebody may be between you."),
        )

    def _matches(self, row: ContactRow, sig: bytes, given: str) -> bool:
        if looks_like_safety_code(given):
            return same_safety_code(given, self._code(row, sig))
        return "".join(given.split()) == self._number(row, sig)

    def _number(self, row: ContactRow, sig: bytes) -> str:
        return safety_number(PROTOCOL_VERSION, self._me, (row.onion, sig))

    def _code(self, row: ContactRow, sig: bytes) -> str:
        return safety_code(self._me, (row.onion, sig))


def _verifiable(row: ContactRow) -> bool:
    return row.confirmed and row.sig is not None and row.state == "accepted"


def _too_early(row: ContactRow) -> UsageError:
    hint = _("A safety number exists once you have reached each other.")
    if row.sig is not None and row.state == "accepted":  # they called, which shows nothing about the address
        hint = _(
            "So far only they have called you. There is a safety number once your tuichat has called them: "
            "keep it running, and look again."
        )
    return UsageError(_("{name} cannot be verified yet.").format(name=row.petname), hint)
