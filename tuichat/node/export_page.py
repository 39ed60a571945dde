"""A conversation as a page for a browser: one file that refers to nothing, runs nothing, escapes everything.

Files are named, not linked: a browser would guess what one without an extension is, and might run it.
"""

from __future__ import annotations

from html import escape

from tuichat.deed_words import quoted, reactions, said, speaker, state_word
from tuichat.i18n import _, language
from tuichat.model import Contact, File, Message
from tuichat.sizes import shown_size

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
body {
  font: 16px/1.5 system-ui, "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
  max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff; }
article { border-top: 1px solid #ddd; padding: .5rem 0; }
header { color: #666; font-size: .85rem; }
b { color: #222; }
.out b { color: #06c; }
p { margin: .2rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.file { font-family: monospace; }
.deeds, .gone, blockquote { color: #666; }
blockquote { margin: .2rem 0; padding-left: .6rem; border-left: 3px solid #ddd; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #181818; } b { color: #eee; } .out b { color: #7bf; }
  article, blockquote { border-color: #444; } header, .deeds, .gone, blockquote { color: #999; } }
"""


def page_head(contact: Contact, address: str, *, plain: bool) -> str:
    """How a page begins; `address` is whose export it is. A `plain` one has no colours and no layout."""
    whose = escape(_("exported by {address}").format(address=address))
    title = escape(_("Conversation with {name}").format(name=contact.name))
    style = "" if plain else f"<style>{_STYLE}</style>\n"
    return (
        f'<!DOCTYPE html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{title}</title>\n{style}</head>\n<body>\n<h1>{title}</h1>\n"
        f"<p>{escape(contact.address)}</p>\n<p>{whose}</p>\n"
    )


def page_message(message: Message, contact: Contact, file: File | None, stored: str) -> str:
    """One message; `stored` is where its file lies in the export, "" if it does not."""
    me = message.direction == "out"
    name = speaker(message.direction, contact.name)
    at = message.received_at or message.sent_at
    exact, shown = f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{at:%Y-%m-%d %H:%M} UTC"
    facts = f'<b dir="auto">{escape(name)}</b> <time datetime="{exact}">{shown}</time>'
    if me:
        facts += f" ({escape(state_word(message.state))})"
    rows = [f"<header>{facts}</header>"]
    if message.quote is not None:
        rows.append(f'<blockquote dir="auto">{escape(quoted(message.quote, contact.name))}</blockquote>')
    if file is not None and not message.unsent:
        where = stored or _("not on the disk")
        rows.append(_paragraph(f"{file.name}, {shown_size(file.size)}: {where}", "file"))
    words = said(message, contact.name)
    if words:
        rows.append(_paragraph(words, "" if _is_said_by_a_person(message) else "gone"))
    deeds = [_("edited")] if message.edited else []
    if message.reactions:
        deeds.append(reactions(message))
    if deeds:
        rows.append(_paragraph("  ".join(deeds), "deeds"))
    return f'<article class="{message.direction}">\n' + "\n".join(rows) + "\n</article>\n"


def _is_said_by_a_person(message: Message) -> bool:
    return not message.unsent and message.kind in ("text", "file")


def _paragraph(words: str, part: str) -> str:
    kind = f' class="{part}"' if part else ""
    return f'<p{kind} dir="auto">{escape(words)}</p>'


def page_end() -> str:
    """How a page ends."""
    return "</body>\n</html>\n"
