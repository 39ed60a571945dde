"""A made-up person: a program of its own node that answers every message and takes every file of one contact.

What it says is not translated: it answers in the language in which it is spoken to.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from tuichat.api.client import AsyncClient
from tuichat.errors import TuichatError, UsageError
from tuichat.model import MAX_TEXT_BYTES, Message, MessageEvent, MissedEvent

GREETING: Final = (
    "Hello, I am {name}, a small program with a node of its own. Whatever you write comes back.\n"
    "你好，我叫 {name}，是个小程序。你写什么，我就回什么。"
)

GIFT_CAPTION: Final = (
    "A megabyte of noise, to see several circuits at work: Esc, choose it, then o. And I would like a file "
    "of yours: /file PATH\n"
    "一兆字节的噪声，看看几条线路怎样一起工作：按 Esc 选中它，再按 o。也请发一个文件给我：/file 路径"
)

FILE_ANSWER: Final = "Thank you, I am fetching {name} ({size} bytes). 谢谢，我正在接收。"

_ANSWERS: Final = (
    (("hello", "hi", "hey", "good morning", "good evening"), "Hello! Good to hear from you."),
    (
        ("how are you", "how are you doing", "how do you do"),
        "Fine, thank you. There is a chain of relays between us, and I hear you well.",
    ),
    (
        ("what is this", "whats this", "where am i", "what is tuichat"),
        "A small Tor network on this computer, with two people on it: you and me. Your line left your node "
        "encrypted, went through the relays to my onion service, and my answer took the same way back. "
        "Nothing leaves this computer, and nothing is kept when you quit.",
    ),
    (
        ("who are you", "what are you"),
        "A program of few words, behind a node and an onion service of its own.",
    ),
    (
        ("help",),
        "Write anything and it comes back. I also know: hello, how are you, what is this, who are you, "
        "thanks, bye. F1 shows all keys; Ctrl+Q ends the demo.",
    ),
    (("thanks", "thank you"), "You are welcome."),
    (("bye", "goodbye", "bye bye", "see you"), "Bye! Ctrl+Q ends the demo and clears everything away."),
    (("你好", "您好", "嗨", "早上好", "晚上好"), "你好！很高兴收到你的消息。"),
    (
        ("你好吗", "您好吗", "你怎么样", "最近怎么样"),
        "我很好，谢谢。我们之间隔着好几个中继，我还是听得很清楚。",
    ),
    (
        ("这是什么", "这是哪里", "这是哪儿"),
        "这是你电脑上的一个小小的 Tor 网络，上面只有你和我。你的话加密后离开你的节点，经过中继到达我的"
        "洋葱服务，我的回答原路返回。什么都不会离开这台电脑，退出后也什么都不留下。",
    ),
    (("你是谁", "您是谁", "你是什么"), "一个话不多的小程序，有自己的节点和洋葱服务。"),
    (
        ("帮助", "怎么用"),
        "随便写点什么，我都会原样回给你。我还听得懂：你好、你好吗、这是什么、你是谁、谢谢、再见。"
        "F1 显示所有按键，Ctrl+Q 结束演示。",
    ),
    (("谢谢", "多谢"), "不客气。"),
    (("再见", "拜拜"), "再见！按 Ctrl+Q 结束演示，一切都会清理干净。"),
)
_BY_WORDS: Final = {words: answer for asked, answer in _ANSWERS for words in asked}
_HAN: Final = re.compile("[\u3400-\u9fff]")
_NO_WORD: Final = re.compile(r"[\W_]+")

_PAUSE_SECONDS = 0.5
_WHOLE_HISTORY = 1 << 40


def answer_to(text: str, own_name: str = "") -> str:
    """What to say to `text`: something of our own to a known phrase, else the text itself."""
    words = _NO_WORD.sub(" ", text.replace("'", "").replace("’", "").casefold()).split()
    spoken = " ".join(word for word in words if word != own_name.casefold())
    if (known := _BY_WORDS.get(spoken)) is not None:
        return known
    echo = f"你写道：{text}" if _HAN.search(text) else f"You wrote: {text}"
    if len(echo.encode()) > MAX_TEXT_BYTES:
        return f"All {len(text)} characters of it have come here."
    return echo


class EchoPerson:
    """Answers `friend`, a contact of its own node, for as long as `run` runs.

    It says hello once, offers a file, and then says one thing to each message. So the history itself tells
    how far it has come, and neither a node that ends nor a connection that breaks makes it miss a message or
    answer one twice.

    Args:
        attach: gives a client of its node, again and again.
        friend: how the contact is called there.
        own_name: how it calls itself.
        gift: a file that it offers behind its greeting, or None.
    """

    def __init__(
        self,
        attach: Callable[[], Awaitable[AsyncClient]],
        friend: str,
        own_name: str,
        gift: Path | None = None,
    ) -> None:
        self._attach = attach
        self._friend = friend
        self._own_name = own_name
        self._gift = gift
        self._answered = 0  # the last message's id

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            with contextlib.suppress(TuichatError):  # its node is gone, and the next one tells what was kept
                async with await self._attach() as node:
                    await self._follow(node)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _follow(self, node: AsyncClient) -> None:
        events = node.subscribe()
        friend = await self._catch_up(node)
        async for event in events:
            match event:
                case MessageEvent(message=message, new=True) if message.contact == friend:
                    await self._answer(node, message)
                case MissedEvent():
                    await self._catch_up(node)

    async def _catch_up(self, node: AsyncClient) -> int:
        """Say hello if that is still to be done, and answer what waits; gives the contact's id."""
        friend = next(each.id for each in await node.contact_list() if each.name == self._friend)
        history = await node.messages(self._friend, limit=_WHOLE_HISTORY)
        said = sum(message.direction == "out" for message in history)
        heard = [message for message in history if message.direction == "in"]
        if said < 1:
            await node.send(self._friend, GREETING.format(name=self._own_name))
            said = 1
        if self._gift is not None and said < 2:
            await node.file_send(self._friend, [str(self._gift)], GIFT_CAPTION, as_is=True)
            said = 2
        answered = heard[: said - (1 if self._gift is None else 2)]
        self._answered = answered[-1].id if answered else 0
        for message in heard:
            await self._answer(node, message)
        return friend

    async def _answer(self, node: AsyncClient, message: Message) -> None:
        if message.direction == "in" and message.id > self._answered:
            answer = answer_to(message.text, self._own_name)
            if message.file is not None:
                answer = await self._fetched(node, message.file)
            await node.send(self._friend, answer)
            self._answered = message.id

    async def _fetched(self, node: AsyncClient, number: int) -> str:
        """Take an offered file, if it can be taken still; what to say to it."""
        file = await node.file_get(number)
        with contextlib.suppress(UsageError):  # it was taken before the last break, or back
            await node.file_accept(number)
        return FILE_ANSWER.format(name=file.name, size=file.size)
