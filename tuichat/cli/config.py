"""`tuichat config path|show|set|reload`: the settings; never starts a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuichat.cli.context import Context, run_async
from tuichat.cli.output import printable
from tuichat.cli.parser import Parser
from tuichat.i18n import _

if TYPE_CHECKING:
    from tuichat.api.client import AsyncClient
    from tuichat.hook_settings import Hook
    from tuichat.model import Reread


def add(parser: Parser) -> None:
    """Add the commands."""
    group = parser.add_command("config", None, _("see and change the settings"))
    group.add_command("path", _path, _("print where the settings are"))
    group.add_command("show", _show, _("print the settings in force"))
    change = group.add_command("set", _set, _("change one setting in the file"))
    change.add_argument("key", metavar=_("KEY"), help=_("such as tor.mode"))
    change.add_argument("value", metavar=_("VALUE"), help=_("the new value"))
    group.add_command("reload", _reload, _("have the node that runs read the file again"))


def _path(context: Context) -> int:
    path = printable(context.paths(shown_only=True).config)
    context.output.result({"path": path}, path)
    return 0


def _show(context: Context) -> int:
    from tuichat.cli.config_edit import toml
    from tuichat.config import value_of
    from tuichat.settings import SETTINGS

    config = context.config()
    values = {name: value_of(config, name) for name in SETTINGS}
    if context.output.json:
        sections: dict[str, dict[str, object]] = {}
        for name, value in values.items():
            section, key = name.split(".")
            sections.setdefault(section, {})[key] = value
        context.output.json_line({**sections, "hooks": [_told(hook) for hook in config.hooks]})
    else:
        for name, value in values.items():
            context.output.line(f"{name} = {toml(value)}")
        for hook in config.hooks:
            words = ", ".join(toml(word) for word in hook.words)
            context.output.line(f"hooks: {toml(hook.event)} = [{words}], {hook.deadline}s")
    return 0


def _told(hook: Hook) -> dict[str, object]:
    return {"event": hook.event, "exec": hook.words, "deadline": f"{hook.deadline}s"}


def _set(context: Context) -> int:
    from tuichat.cli.config_edit import set_key

    set_key(context.paths().config, context.words.key, context.words.value)
    if context.words.key == "tor.bridges":
        from tuichat.cli.doctor_bridges import tell_node

        tell_node(context)
    else:
        _tell_node(context)
    return 0


def _reload(context: Context) -> int:
    async def work(node: AsyncClient) -> Reread:
        return await node.reload()

    reread = context.with_node(work, start=False, unlock=False, none=_("The file is read when one starts."))
    context.output.result(
        {"now": reread.now, "later": reread.later}, "\n".join(_came_of(reread)) or _("Nothing differs.")
    )
    return 0


def _tell_node(context: Context) -> None:
    """Have the node that runs, if one does, go by the file, and say what came of it."""
    from tuichat import bootstrap
    from tuichat.errors import TuichatError

    async def told() -> Reread:
        async with context.node(start=False, unlock=False) as node:
            return await node.reload()

    if not bootstrap.socket_path(context.paths()).exists():
        return
    try:
        reread = run_async(told())
    except TuichatError as error:
        later = _("The node that runs goes on as before until it starts anew: {why}")
        context.output.note(later.format(why=error.message))
    else:
        for line in _came_of(reread):
            context.output.note(line)


def _came_of(reread: Reread) -> list[str]:
    """What of the file the node goes by now, and what waits for its next start."""
    now, later = (", ".join(names) for names in (reread.now, reread.later))
    return [
        *([_("The node goes by it now: {names}.").format(names=now)] if now else []),
        *([_("Takes effect at the node's next start: {names}.").format(names=later)] if later else []),
    ]
