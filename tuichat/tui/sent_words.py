"""What is asked before files are offered, and what is told when they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Literal

from tuichat.i18n import _, ngettext
from tuichat.model import Contact, Sent
from tuichat.running_text import enumerated, paragraph
from tuichat.tui.file_words import short_name
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.harmless import harmless

_SHOWN = 40
_MOST_NAMES = 5


def offer_question(paths: Sequence[str], person: Contact, glyphs: Glyphs) -> str:
    """Whether pasted paths are to be sent as files."""
    names = [glyphs.quoted(short_name(harmless(PurePath(path).name), _SHOWN, glyphs)) for path in paths]
    if len(names) == 1:
        return _("Send {file} as a file to {name}?").format(file=names[0], name=person.name)
    question = ngettext("Send {count} file to {name}?", "Send {count} files to {name}?", len(names))
    more = [glyphs.ellipsis] if len(names) > _MOST_NAMES else []
    listed = "\n".join([*names[:_MOST_NAMES], *more])
    return question.format(count=len(names), name=person.name) + "\n\n" + listed


def sent_words(
    sent: Sequence[Sent], person: Contact, glyphs: Glyphs
) -> tuple[str, Literal["info", "warning"]]:
    """What was offered, what was taken out of it and what may still be in it, and how loud that is."""
    if len(sent) == 1:
        name = glyphs.quoted(short_name(harmless(sent[0].file.name), _SHOWN, glyphs))
        told = [_("{file} is offered to {name}.").format(file=name, name=person.name)]
    else:
        text = ngettext(
            "{count} file is offered to {name}.", "{count} files are offered to {name}.", len(sent)
        )
        told = [text.format(count=len(sent), name=person.name)]
    cleaned = list(dict.fromkeys(each for one in sent for each in one.cleaned))
    if cleaned:
        told.append(_("Taken out of what is sent: {things}.").format(things=enumerated(cleaned)))
    warnings = list(dict.fromkeys(each for one in sent for each in one.warnings))
    return paragraph(*told, *warnings), "warning" if warnings else "info"
