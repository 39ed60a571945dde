"""`tuichat export` and `tuichat import`: conversations as files that anybody can read, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuichat.cli.context import Context
from tuichat.cli.parser import Parser, some_path
from tuichat.cli.paths import whole
from tuichat.cli.progress import progress
from tuichat.i18n import _
from tuichat.import_words import import_advice, import_words

if TYPE_CHECKING:
    from tuichat.api.client import AsyncClient
    from tuichat.model import Exported, Imported


def add(parser: Parser) -> None:
    """Add the commands."""
    export = parser.add_command(
        "export", _export, _("write conversations and files as anybody can read them")
    )
    export.add_argument("directory", metavar=_("DIR"), type=some_path, help=_("a new directory"))
    export.add_argument(
        "--in",
        dest="ref",
        metavar=_("REF"),
        help=_("only this contact: name, address, or start of an address"),
    )
    export.add_argument("--plain-page", action="store_true", help=_("pages without colours and layout"))
    taken = parser.add_command("import", _import, _("take an export into a fresh profile"))
    taken.add_argument("directory", metavar=_("DIR"), type=some_path, help=_("the export"))


def _export(context: Context) -> int:
    path = whole(context.words.directory)

    async def work(node: AsyncClient) -> Exported:
        with progress(_("Writing the export..."), context.clock):
            return await node.export_to(path, context.words.ref, context.words.plain_page)

    made = context.with_node(work)
    context.output.result(made, made.path)
    context.output.note(
        _("It is not encrypted: whoever can read this directory can read what you wrote and were told.")
    )
    if made.missing:
        context.output.note(
            _("Files that are not in it, for they were moved or changed since: {count}.").format(
                count=made.missing
            )
        )
    return 0


def _import(context: Context) -> int:
    path = whole(context.words.directory)

    async def work(node: AsyncClient) -> Imported:
        with progress(_("Taking the export in..."), context.clock):
            return await node.import_from(path)

    made = context.with_node(work)
    context.output.result(made, import_words(made))
    for sentence in import_advice(made):
        context.output.note(sentence)
    return 0
