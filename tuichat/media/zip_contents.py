"""What a ZIP archive is for, by the names of its first entries; nothing is unpacked.

local header  "PK\\3\\4", 22 bytes, u16 length of the name, u16 length of the extra field, the name, ...
              (APPNOTE 4.3.7)
"""

from __future__ import annotations

import re
from typing import Final

_ENTRY = b"PK\x03\x04"
_HEADER = 30  # bytes before the name
_EMPTY = b"PK\x05\x06"

_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
_MIMETYPE = re.compile(rb"[a-z]+/[a-z0-9.+-]{1,80}")

DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX: Final = "application/vnd.openxmlformats-officedocument.presentationml.presentation"

_OFFICE_FOLDERS = {b"word/": DOCX, b"xl/": XLSX, b"ppt/": PPTX}
_OFFICE_EXTENSIONS = {
    **dict.fromkeys(("docx", "docm", "dotx"), DOCX),
    **dict.fromkeys(("xlsx", "xlsm", "xltx"), XLSX),
    **dict.fromkeys(("pptx", "pptm", "ppsx"), PPTX),
}
_OFFICE_FIRST = (b"[Content_Types].xml", b"_rels/.rels", b"docProps/")

APK: Final = "application/vnd.android.package-archive"
JAR: Final = "application/java-archive"
_ANDROID = (b"AndroidManifest.xml", b"classes.dex", b"resources.arsc")


def looks_like_zip(head: bytes) -> bool:
    """Whether an archive begins here, be it an empty one."""
    return head[:4] in (_ENTRY, _EMPTY)


def type_of_zip(head: bytes, extension: str) -> str:
    """The media type of an archive by its first bytes, and by its name's extension where they do not tell."""
    names = _names(head)
    declared = _declared(head, names)
    if declared:
        return declared
    if any(name in _ANDROID for name in names):
        return APK
    if any(name.startswith(b"META-INF/") for name in names[:3]):
        return APK if extension == "apk" else JAR
    for folder, found in _OFFICE_FOLDERS.items():
        if any(name.startswith(folder) for name in names):
            return found
    if names and names[0].startswith(_OFFICE_FIRST):
        return _OFFICE_EXTENSIONS.get(extension, "application/zip")
    return "application/zip"


def _names(head: bytes) -> list[bytes]:
    """The names of the entries whose headers are in the head."""
    found = []
    at = head.find(_ENTRY)
    while at >= 0:
        length = int.from_bytes(head[at + 26 : at + 28], "little")
        found.append(head[at + _HEADER : at + _HEADER + length])
        at = head.find(_ENTRY, at + len(_ENTRY))
    return found


def _declared(head: bytes, names: list[bytes]) -> str:
    """The type that EPUB and OpenDocument store, uncompressed, as their first entry; "" for others."""
    if names[:1] != [b"mimetype"]:
        return ""
    extra = int.from_bytes(head[28:30], "little")
    match = _MIMETYPE.match(head, _HEADER + len(b"mimetype") + extra)
    declared = match[0].decode() if match else ""
    return declared if declared == "application/epub+zip" or declared.startswith(_OPEN_DOCUMENT) else ""
