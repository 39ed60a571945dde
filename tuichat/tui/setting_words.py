"""What is said of each setting: what it means and costs, what each value means, and when it takes effect."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from tuichat.i18n import _
from tuichat.times import time_of_day

Effect = Literal["now", "interface", "node", "unlock", "command"]
"""When a change takes effect: at once; as the interface or the node starts; as the profile is opened; or
with the next command."""

FILE_ONLY: Final = frozenset({"store.key_file", "http.token_file"})
"""Where secrets lie: shown, but changed in the file alone, for a slip would lock somebody out."""


class Explained(msgspec.Struct, frozen=True):
    """A setting in people's words.

    Attributes:
        meaning: what it is, and what it costs.
        effect: when a change takes effect.
        values: what each of its choices means.
        unset: what holds while nothing is set.
    """

    meaning: str
    effect: Effect
    values: Mapping[str, str] = {}
    unset: str = ""


def explained() -> dict[str, Explained]:
    """All settings by name, in the order in which they are shown."""
    return {**_interface(), **_notices(), **_privacy(), **_files(), **_tor(), **_store(), **_programs()}


def group_title(section: str) -> str:
    """What the settings of a section are about."""
    titles = {
        "ui": _("Interface"),
        "privacy": _("Privacy"),
        "files": _("Files"),
        "tor": "Tor",
        "store": _("Locking"),
        "api": _("Bots"),
        "http": _("Watching a daemon"),
        "log": _("Log"),
        "hooks": _("Hooks"),
    }
    return titles[section]


def effect_words(effect: Effect) -> str:
    """When a change takes effect, as a sentence."""
    words = {
        "now": _("Takes effect at once."),
        "interface": _("Takes effect when the interface starts next."),
        "node": _("Takes effect when your node starts next: 10 seconds after you left, or by a restart."),
        "unlock": _("Takes effect when the profile is opened next."),
        "command": _("Takes effect with the next command."),
    }
    return words[effect]


def _interface() -> dict[str, Explained]:
    return {
        "ui.theme": Explained(
            _("The colours of the interface. Own ones are files in themes/ beside the settings."),
            "now",
            _themes(),
            _("one that fits the terminal"),
        ),
        "ui.keys": Explained(
            _("The keymap. F1 shows what it changes. Own ones are files in keys/ beside the settings."),
            "now",
            {
                "default": _("the keys of the help page, and no others"),
                "vi": _("letters are keys while a message is chosen, and in lists"),
                "weechat": _("also that program's keys for going between conversations"),
            },
        ),
        "ui.language": Explained(
            _("The language of all that tuichat says."), "interface", _languages(), _("the system's")
        ),
        "ui.time_format": Explained(
            _("How times of day are written."),
            "interface",
            {"24h": "14:31", "12h": time_of_day(datetime(2000, 1, 1, 14, 31, tzinfo=UTC), "12h")},
            _("as is usual in the system's country"),
        ),
        "ui.images": Explained(
            _("Whether pictures are shown. Strangers' files are then decoded, in a process that is shut in."),
            "interface",
            {
                "false": _("a picture is a file like others; nothing looks into it"),
                "true": _("shown in the terminal; needs the package textual-image"),
            },
        ),
        "ui.panic_key": Explained(
            _("Pressed three times within two seconds it destroys this profile, without a question."),
            "now",
            {"": _("no key does that")},
            _("none"),
        ),
    }


def _themes() -> dict[str, str]:
    return {
        "dark": _("light text on a dark ground"),
        "light": _("dark text on a light ground"),
        "contrast-dark": _("dark, contrasts of at least 7 to 1"),
        "contrast-light": _("light, contrasts of at least 7 to 1"),
        "colour-safe-dark": _("dark, told apart without red and green"),
        "colour-safe-light": _("light, told apart without red and green"),
        "ember": _("dark and warm"),
        "paper": _("light and warm"),
        "mono": _("greys alone"),
        "sixteen": _("the terminal's own sixteen colours"),
    }


def _languages() -> dict[str, str]:
    return {"en": "English", "zh_CN": "简体中文"}


def _notices() -> dict[str, Explained]:
    return {
        "ui.notify": Explained(
            _("How you are told of what comes while you look elsewhere."),
            "now",
            {
                "off": _("not at all"),
                "bell": _("the terminal's bell"),
                "osc9": _("a notification of kitty, WezTerm or iTerm2"),
                "osc777": _("a notification of rxvt or foot"),
                "desktop": _("the desktop's notify-send"),
            },
        ),
        "ui.notify_content": Explained(
            _("Whether that says from whom it is and how it begins. Others see your screen, too."),
            "now",
            {
                "false": _("only that something came"),
                "true": _("name and first words; never of what disappears or is in memory only"),
            },
        ),
    }


def _privacy() -> dict[str, Explained]:
    return {
        "privacy.visibility": Explained(
            _("Who may connect to your onion service. That it is up is seen by all who have the address."),
            "node",
            {
                "public": _("all who know your address can ask to be a contact"),
                "contacts": _("only contacts, and who holds an invite of yours; others get nothing"),
            },
        ),
        "privacy.receipts": Explained(
            _("Whether your contacts are told how far you have read."),
            "now",
            {"false": _("nobody learns it"), "true": _("they see what you have read, and when")},
        ),
        "privacy.typing": Explained(
            _("Whether your contacts see that you are writing to them."),
            "now",
            {"false": _("nobody learns it"), "true": _("they see it, also if you never send")},
        ),
        "privacy.presence": Explained(
            _("Whether your contacts see that you are at the interface."),
            "now",
            {"false": _("nobody learns it"), "true": _("they see when you come and go")},
        ),
        "privacy.auto_lock": Explained(
            _(
                "After how long without a key, such as 10m, the profile is locked. "
                "Locked, nothing is sent or received. Needs a passphrase."
            ),
            "now",
            unset=_("never"),
        ),
        "privacy.retention": Explained(
            _("After how long, such as 90d, messages are deleted here, for good. Theirs stay with them."),
            "now",
            unset=_("never"),
        ),
    }


def _files() -> dict[str, Explained]:
    return {
        "files.directory": Explained(
            _("Where received files are put. Whoever reads that directory can read them."),
            "node",
            unset=_("inbox/ in the profile"),
        ),
        "files.auto_accept_below": Explained(
            _("Files of verified contacts below this size, such as 10MiB, are fetched without asking you."),
            "now",
            unset=_("always ask"),
        ),
        "files.quota": Explained(
            _("How much all received files together may take, such as 20GiB. Beyond it none is fetched."),
            "now",
        ),
        "files.circuits": Explained(
            _("Paths through Tor that one file comes over at once, 1 to 16. More is faster, and more work."),
            "now",
        ),
    }


def _tor() -> dict[str, Explained]:
    return {
        "tor.bridges": Explained(
            _("Ways around a block of Tor: lines of bridges, or the word snowflake. Slower than without."),
            "now",
            unset=_("none: Tor is reached directly"),
        ),
        "tor.mode": Explained(
            _("Which tor carries your messages."),
            "node",
            {
                "child": _("one of tuichat's own, which ends with it"),
                "system": _("the one that runs on this machine; it has to let you control it"),
            },
        ),
        "tor.binary": Explained(
            _("The program of a tor of tuichat's own."), "node", unset=_("tor, as PATH has it")
        ),
        "tor.extra_torrc": Explained(
            _("A file of lines for that tor's configuration. A wrong one can undo what hides you."),
            "node",
            unset=_("none"),
        ),
        "tor.control": Explained(
            _("Where the system's tor takes orders: a socket's path, or HOST:PORT."),
            "node",
            unset=_("its usual place"),
        ),
        "tor.socks": Explained(
            _("Where the system's tor takes connections: a socket's path, or HOST:PORT."),
            "node",
            unset=_("its usual place"),
        ),
    }


def _store() -> dict[str, Explained]:
    return {
        "store.key_file": Explained(
            _(
                "A file that is needed beside the passphrase. Without it nobody opens the profile, not even "
                "you. `tuichat passphrase` makes one; its place is written into the file of settings."
            ),
            "unlock",
            unset=_("none is needed"),
        ),
    }


def _programs() -> dict[str, Explained]:
    return {
        "api.bot_socket": Explained(
            _("Where a daemon lets bots of other users in, as far as their tokens allow."),
            "node",
            unset=_("nowhere"),
        ),
        "api.bot_group": Explained(
            _("The group of this machine that may open that socket."), "node", unset=_("the daemon's own")
        ),
        "http.listen": Explained(
            _("Where a daemon tells programs of this machine how it is: a path, or 127.0.0.1:PORT."),
            "node",
            unset=_("nowhere"),
        ),
        "http.token_file": Explained(
            _("Where the token lies that they have to show. Changed in the file of settings."),
            "node",
            unset=_("http.token in the profile"),
        ),
        "log.level": Explained(
            _("How much a node says in its log. At no level an address, a name, a text or a key."),
            "node",
            {
                "error": _("what failed"),
                "warning": _("also what may go wrong"),
                "info": _("also what it does"),
                "debug": _("all of it, for looking into trouble"),
            },
        ),
        "log.format": Explained(
            _("How it says it."), "node", {"text": _("lines to read"), "json": _("a JSON object a line")}
        ),
    }
