"""Kinds of files, and when one is not of the kind that it was said to be."""

from __future__ import annotations

from typing import Final, Literal

from tuichat.media.sniff import UNKNOWN, extension_of
from tuichat.media.zip_contents import APK, DOCX, JAR, PPTX, XLSX

Kind = Literal[
    "picture",
    "drawing",
    "sound",
    "film",
    "pdf",
    "document",
    "spreadsheet",
    "slides",
    "office",
    "book",
    "archive",
    "program",
    "web page",
    "text",
    "database",
    "font",
    "unknown",
]

_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."

_EXACT: Final[dict[str, Kind]] = {
    "image/svg+xml": "drawing",
    _OPEN_DOCUMENT + "graphics": "drawing",
    "application/pdf": "pdf",
    "application/postscript": "document",
    "application/rtf": "document",
    "application/msword": "document",
    DOCX: "document",
    _OPEN_DOCUMENT + "text": "document",
    "application/vnd.ms-excel": "spreadsheet",
    XLSX: "spreadsheet",
    _OPEN_DOCUMENT + "spreadsheet": "spreadsheet",
    "application/vnd.ms-powerpoint": "slides",
    PPTX: "slides",
    _OPEN_DOCUMENT + "presentation": "slides",
    "application/x-ole-storage": "office",
    "application/epub+zip": "book",
    **dict.fromkeys(
        (
            "application/zip",
            "application/gzip",
            "application/x-xz",
            "application/zstd",
            "application/x-bzip2",
            "application/x-7z-compressed",
            "application/vnd.rar",
            "application/x-tar",
            "application/vnd.ms-cab-compressed",
            "application/x-lz4",
        ),
        "archive",
    ),
    **dict.fromkeys(
        (
            "application/x-elf",
            "application/x-mach-binary",
            "application/vnd.microsoft.portable-executable",
            "application/wasm",
            "application/java-vm",
            "application/x-ms-shortcut",
            "application/vnd.debian.binary-package",
            "application/x-rpm",
            "application/x-msi",
            JAR,
            APK,
            "text/x-script",
            "text/x-shellscript",
            "text/x-python",
            "text/javascript",
        ),
        "program",
    ),
    "text/html": "web page",
    "application/xhtml+xml": "web page",
    "application/vnd.sqlite3": "database",
    "application/json": "text",
    "application/xml": "text",
}
_PREFIXES: Final[dict[str, Kind]] = {
    "image/": "picture",
    "audio/": "sound",
    "video/": "film",
    "font/": "font",
    "text/": "text",
}

_BY_NAME: Final[dict[str, str]] = {
    **dict.fromkeys(("jpg", "jpeg", "jpe", "jfif"), "image/jpeg"),
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    **dict.fromkeys(("heic", "heif"), "image/heic"),
    **dict.fromkeys(("tif", "tiff"), "image/tiff"),
    "bmp": "image/bmp",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "rtf": "application/rtf",
    "doc": "application/msword",
    "docx": DOCX,
    "odt": _OPEN_DOCUMENT + "text",
    "xls": "application/vnd.ms-excel",
    "xlsx": XLSX,
    "ods": _OPEN_DOCUMENT + "spreadsheet",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": PPTX,
    "odp": _OPEN_DOCUMENT + "presentation",
    "epub": "application/epub+zip",
    "zip": "application/zip",
    **dict.fromkeys(("gz", "tgz"), "application/gzip"),
    **dict.fromkeys(("xz", "txz"), "application/x-xz"),
    "zst": "application/zstd",
    "bz2": "application/x-bzip2",
    "7z": "application/x-7z-compressed",
    "rar": "application/vnd.rar",
    "tar": "application/x-tar",
    "mp3": "audio/mpeg",
    **dict.fromkeys(("ogg", "oga", "opus"), "audio/ogg"),
    "flac": "audio/flac",
    "wav": "audio/wav",
    "m4a": "audio/mp4",
    **dict.fromkeys(("mp4", "m4v"), "video/mp4"),
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "avi": "video/x-msvideo",
    **dict.fromkeys(("txt", "md", "csv", "log", "ini", "toml", "yaml", "yml", "c", "h", "rs"), "text/plain"),
    "json": "application/json",
    "xml": "application/xml",
    **dict.fromkeys(("htm", "html"), "text/html"),
    **dict.fromkeys(("exe", "dll", "scr", "com", "pif"), "application/vnd.microsoft.portable-executable"),
    "lnk": "application/x-ms-shortcut",
    "msi": "application/x-msi",
    "deb": "application/vnd.debian.binary-package",
    "rpm": "application/x-rpm",
    "jar": JAR,
    "apk": APK,
    **dict.fromkeys(("bat", "cmd", "ps1", "vbs", "hta", "command", "desktop"), "text/x-script"),
    **dict.fromkeys(("sh", "bash", "pl", "rb"), "text/x-shellscript"),
    "py": "text/x-python",
    "js": "text/javascript",
}

# Kinds that hold one another, or that their first bytes do not always tell apart.
_CLOSE: Final[tuple[frozenset[Kind], ...]] = (
    frozenset({"archive", "document", "spreadsheet", "slides", "office", "book", "drawing"}),
    frozenset({"sound", "film"}),
    frozenset({"text", "web page"}),
    frozenset({"text", "drawing"}),
    frozenset({"text", "document"}),
    frozenset({"text", "program"}),
)

# Types that always begin in a way that `sniff` knows: a file of none of these beginnings is none of them.
_ALWAYS_KNOWN: Final = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "image/avif",
        "image/heic",
        "image/tiff",
        "image/bmp",
        "image/svg+xml",
        "application/pdf",
        "application/zip",
        "application/gzip",
        "application/x-xz",
        "application/x-7z-compressed",
        "application/vnd.rar",
        "application/epub+zip",
        "audio/flac",
        "audio/wav",
        "audio/ogg",
        "video/webm",
        "video/x-matroska",
        DOCX,
        XLSX,
        PPTX,
    }
)


def kind_of(media_type: str) -> Kind:
    """What sort of thing a media type is; parameters behind ";" are ignored."""
    bare = media_type.partition(";")[0].strip().lower()
    if bare in _EXACT:
        return _EXACT[bare]
    return next((kind for prefix, kind in _PREFIXES.items() if bare.startswith(prefix)), "unknown")


def mismatch(claimed: str, found: str, name: str) -> bool:
    """Whether a file is not what its sender or its name says, in a way that matters to a person.

    Args:
        claimed: the media type that its sender took it for.
        found: what its bytes look like (`sniff`).
        name: its label.
    """
    said = [
        said for said in (claimed, _BY_NAME.get(extension_of(name), UNKNOWN)) if kind_of(said) != "unknown"
    ]
    kinds = {kind_of(each) for each in said}
    actual = kind_of(found)
    if actual == "program":
        return kinds != {"program"}
    if actual == "unknown":
        # Text that is not in UTF-8 looks like nothing.
        return any(each in _ALWAYS_KNOWN and kind_of(each) != "text" for each in said)
    return not all(kind == actual or any({kind, actual} <= close for close in _CLOSE) for kind in kinds)
