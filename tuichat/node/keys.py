"""Which keys speak for a contact: what its links show, what is pinned, what the person decides (K3).

    shown                                   what becomes of the link, and of the contact
    the pinned SIG, same or higher epoch    taken; IK, epoch and version are pinned anew
    the pinned SIG, lower epoch, another    refused; a notice, once a day for each contact
      IK in the same epoch, lower version   and reason, whatever it shows in between
    another SIG than the pinned one; while  refused; kept as `other_sig`, the contact is marked, and nothing
      none is, than the invite names        can be sent until the person has decided
    another SIG, while one is kept          refused; the first stays, so that the person decides about what
                                            they saw
    the SIG that the person refused         refused in silence

The pinned SIG links at any time, also while another one waits for the decision: what was queued was meant for
it. A decision for the other SIG starts the contact anew but for its history and its queue.
"""

from __future__ import annotations

from shlex import quote
from typing import Final, Literal

from tuichat.crypto.identity import Certificate, Pins, PinVerdict, judge_pins
from tuichat.errors import KeyNotTrustedError, PeerError, UsageError
from tuichat.i18n import _
from tuichat.model import NoticeEvent, from_milliseconds
from tuichat.node.events import EventHub
from tuichat.protocol.invites import parse_invite, sig_hash
from tuichat.store.records import ContactRow, SessionRow
from tuichat.store.store import Store

_DAY: Final = 86_400_000
"""In milliseconds."""

Refusal = Literal["", "other_sig", "stale", "rollback"]


class Keys:
    """Judges the certificates of contacts' links."""

    def __init__(self, store: Store, hub: EventHub) -> None:
        self._store = store
        self._hub = hub
        self._told_at: dict[tuple[int, Refusal], int] = {}

    def check(self, row: ContactRow, certificate: Certificate, version: int) -> None:
        """Refuse whoever is not the contact that was pinned, and let the person know.

        Args:
            certificate: verified, and for the contact's onion.
            version: of the protocol, agreed with whoever showed it.

        Raises:
            PeerError: the link must close.
        """
        refusal = judge(row, certificate, version)
        if refusal == "other_sig":
            self._keep_other(row, certificate.sig)
        elif refusal:
            self._tell_daily(row, refusal)
        if refusal:
            raise PeerError("this is not the key that was pinned")

    def check_may_send(self, row: ContactRow) -> None:
        """Refuse to send while another key waits for the person's decision.

        Raises:
            KeyNotTrustedError: it does.
        """
        if row.key_changed:
            raise KeyNotTrustedError(
                _(
                    "{name}'s address showed another key than the one known here. "
                    "Nothing is sent to it; what was queued stays queued."
                ).format(name=row.petname),
                _("Ask them by another way, then decide: tuichat contact trust {name}").format(
                    name=quote(row.petname)
                ),
            )

    def decide(self, row: ContactRow, *, accept: bool) -> None:
        """Take the other key for the contact's, or keep to the pinned one; in one transaction.

        Raises:
            UsageError: the contact has shown no other key.
        """
        if row.other_sig is None:
            raise UsageError(_("{name} has shown no other key.").format(name=row.petname))
        with self._hub.change() as changes:
            if accept:
                self._begin_anew(row, row.other_sig)
            else:
                self._store.contacts.update(row.id, other_refused=True)
            changes.contact(row.id)

    def _begin_anew(self, row: ContactRow, sig: bytes) -> None:
        self._store.contacts.update(
            row.id,
            sig=sig,
            ik=None,
            epoch=0,
            version=0,
            verified=False,
            confirmed=False,
            other_sig=None,
            other_refused=False,
        )
        session = self._store.sessions.get(row.id)  # its secrets are shared with the old key's owner
        self._store.sessions.forget(row.id)
        self._store.sessions.put(SessionRow(row.id, gen=session.gen))
        self._store.outbox.unseal(row.id)

    def _keep_other(self, row: ContactRow, sig: bytes) -> None:
        if row.key_changed or row.other_sig == sig:
            return
        with self._hub.change() as changes:
            self._store.contacts.update(row.id, other_sig=sig, other_refused=False)
            changes.contact(row.id)
        text = _(
            "{name}'s address showed another key than the one known here. Nothing was sent to it. "
            "Ask them by another way whether they set up tuichat anew, then: tuichat contact trust {ref}"
        )
        self._notice(row, text.format(name=row.petname, ref=quote(row.petname)))

    def _tell_daily(self, row: ContactRow, refusal: Refusal) -> None:
        """Whoever shows a good key and an old one in turn must not fill the screen with it."""
        now, told_at = self._hub.now(), self._told_at.get((row.id, refusal))
        if told_at is not None and 0 <= now - told_at < _DAY:
            return
        self._told_at[row.id, refusal] = now
        if refusal == "stale":
            text = _(
                "{name} showed an older key than before, as if an old backup had been restored there. "
                "Nothing was sent to it. Ask them by another way."
            )
        else:
            text = _(
                "{name} spoke an older version of the protocol than before. Nothing was sent to it. "
                "Ask them by another way whether they went back to an older tuichat."
            )
        self._notice(row, text.format(name=row.petname))

    def _notice(self, row: ContactRow, text: str) -> None:
        at = from_milliseconds(self._hub.now())
        self._hub.tell(NoticeEvent(at=at, text=text, level="error", contact=row.id))


def judge(row: ContactRow, certificate: Certificate, version: int) -> Refusal:
    """Why this certificate may not speak for the contact over a link of this version; "" if it may."""
    if row.sig is not None and row.sig != certificate.sig:
        return "other_sig"
    if version < row.version:
        return "rollback"
    if row.sig is None:
        named = parse_invite(row.invite).sig_hash if row.invite else sig_hash(certificate.sig)
        return "" if sig_hash(certificate.sig) == named else "other_sig"
    if row.ik is None:
        return ""
    verdict = judge_pins(Pins(row.onion, row.sig, row.ik, row.epoch), certificate)
    return "stale" if verdict is PinVerdict.STALE else ""
