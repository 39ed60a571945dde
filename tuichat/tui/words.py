"""The state of tor, of a link and of an error, in words and signs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.model import Contact, Light, LinkStage, NetworkProblem, ServiceState, TorState
from tuichat.running_text import paragraph
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.harmless import harmless
from tuichat.tui.typed_here import typed_here

Part = tuple[str, str]
"""A colour's role and a text."""

_ROLES: Final[Mapping[Light, str]] = {"green": "linked", "yellow": "waiting", "red": "danger"}


def reachability(tor: TorState, service: ServiceState, glyphs: Glyphs) -> Part:
    """How far we are from being reachable, in a few words."""
    if service.stage == "offline":
        return "muted", f"{glyphs.unreachable} {_('offline')}"
    signs = {"green": glyphs.linked, "yellow": glyphs.connecting, "red": glyphs.failed}
    return _ROLES[service.light], f"{signs[service.light]} {_stage_of_ours(tor, service)}"


def _stage_of_ours(tor: TorState, service: ServiceState) -> str:
    if service.stage == "tor":
        return _short_problem(tor.problem) or _("tor {percent}%").format(percent=tor.bootstrap)
    words = {
        "publishing": _("publishing"),
        "unpublished": _("cannot be published, trying"),
        "checking": _("published, checking"),
        "reachable": _("reachable"),
        "no_answer": _("not reachable, trying"),
    }
    return words[service.stage]


def link(person: Contact, glyphs: Glyphs) -> Part:
    """Where the link to a person stands; another key comes before everything else."""
    if person.key_changed:
        return "danger", f"{glyphs.failed} {_('another key')}"
    if person.stage == "linked":
        return "linked", f"{glyphs.linked} {_('linked')}"
    if person.stage in {"descriptor", "rendezvous", "handshake"}:
        return "waiting", f"{glyphs.connecting} {stage_word(person.stage)}{glyphs.ellipsis}"
    return "muted", f"{glyphs.unreachable} {stage_word(person.stage)}"


def stage_word(stage: LinkStage) -> str:
    """The name of a link's stage."""
    words = {
        "offline": _("not reachable"),
        "waiting": _("not reachable"),
        "descriptor": _("descriptor"),
        "rendezvous": _("rendezvous"),
        "handshake": _("handshake"),
        "linked": _("linked"),
    }
    return words[stage]


def link_sign(person: Contact, glyphs: Glyphs) -> Part:
    """One sign for a list: another key, linked, on the way there, or not reachable."""
    if person.key_changed:
        return "danger", glyphs.failed
    if person.stage == "linked":
        return "linked", glyphs.linked
    if person.stage in {"descriptor", "rendezvous", "handshake"}:
        return "waiting", glyphs.connecting
    return "muted", glyphs.unreachable


def key_sentence() -> str:
    """For a contact whose address showed another key than the one known here."""
    return _("This address showed another key. Nothing is sent to it until you have looked.")


def cautions(person: Contact) -> list[str]:
    """What misleads in a person's names, a row each; none if nothing does."""
    rows = []
    if person.alike:
        rows.append(_("looks like: {names}").format(names=", ".join(person.alike)))
    if person.mixed:
        rows.append(_("mixes scripts"))
    return rows


def tor_progress(tor: TorState) -> str:
    """What tor is doing, for somebody who does not know tor."""
    if tor.bootstrap >= 100:
        return _("connected")
    if tor.bootstrap >= 75:
        return _("building the first circuits")
    if tor.bootstrap >= 50:
        return _("loading descriptions of relays")
    if tor.bootstrap >= 15:
        return _("loading the list of relays")
    if tor.bootstrap > 0:
        return _("connecting to a first relay")
    return _("starting")


def problem_sentence(tor: TorState, bridges: str = "/bridges") -> str:
    """What hinders tor, what that means for messages, and what to do; "" if nothing does.

    Args:
        bridges: what to press or type for the screen of bridges.
    """
    why = harmless(tor.detail).strip().rstrip(".")
    if why and tor.problem in ("missing", "control"):
        return _("{why}. Messages wait here. `tuichat doctor` says what to do.").format(why=why)
    sentences = {
        "missing": _("tor is not installed. Messages wait here. `tuichat doctor` says how to install it."),
        "too_old": _(
            "The installed tor is too old. Messages wait here. Install 0.4.8 or newer: `tuichat doctor`."
        ),
        "clock_skew": _(
            "This computer's clock is wrong, and tor cannot work with it. Messages wait here. Set the clock."
        ),
        "blocked": blocked_sentence(bridges),
        "bridge": _bridge_sentence(why, bridges),
        "no_network": _("There is no network. Messages wait here and leave when it is back."),
        "died": _("tor ended unexpectedly. Messages wait here while it is started again."),
        "control": _(
            "tor does not answer its control port. Messages wait here. `tuichat doctor` looks into it."
        ),
    }
    return sentences.get(tor.problem, "")


def blocked_sentence(bridges: str = "/bridges") -> str:
    """For when tor does not get through in half a minute."""
    return _("Tor may be blocked here. Messages wait here. Bridges lead around a block: {key}").format(
        key=bridges
    )


def _bridge_sentence(why: str, bridges: str) -> str:
    says = (
        _("None of your bridges can be reached: {why}. Messages wait here. Look at your bridges: {key}")
        if why
        else _("None of your bridges can be reached. Messages wait here. Look at your bridges: {key}")
    )
    return says.format(why=why, key=bridges)


def not_found_text(error: TuichatError | None) -> str:
    """Why there is no node, if anybody said so."""
    return _("Your node cannot be found.") if error is None else error_text(error)


def error_text(error: TuichatError) -> str:
    """An error with what to do about it and the names to choose among."""
    text = error.message
    if error.hint:
        text = paragraph(text, typed_here(error.hint))
    if error.candidates:
        text = paragraph(text, _("Choose among: {names}").format(names=", ".join(error.candidates)))
    return "\n".join(map(harmless, text.split("\n")))


def _short_problem(problem: NetworkProblem) -> str:
    words = {
        "missing": _("no tor"),
        "too_old": _("tor too old"),
        "clock_skew": _("clock is wrong"),
        "blocked": _("tor blocked"),
        "bridge": _("no bridge"),
        "no_network": _("no network"),
        "died": _("tor restarting"),
        "control": _("tor not answering"),
    }
    return words.get(problem, problem)
