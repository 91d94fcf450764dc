"""PyTorch files: told by their bytes, their members listed, their pickles left alone.

A pickle runs code when it is loaded, so nothing here loads one, nor unpacks a member.
"""

from __future__ import annotations

from typing import Any

from lineage.artifacts import zipped
from lineage.artifacts.artifact import MOST_NAMES, Content, Part
from lineage.errors import ReadingError

_LEGACY = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""The long 0x1950a86a20f9469cfc6c, pickled: ``MAGIC_NUMBER`` of ``torch/serialization.py``."""
_TAR_MEMBERS = (b"pickle\0", b"sys_info\0", b"storages\0", b"tensors\0")
_PICKLE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
UNREAD = "it holds a pickle, which runs code when it is loaded; it was not looked into"


def looks(part: Part) -> bool:
    """Whether it is a zip archive with a pickle, an older PyTorch file, or a bare pickle."""
    head = part.head(512)
    if head.startswith(b"PK\x03\x04"):
        try:
            return any(_is_pickle(member.name) for member in zipped.members(part))
        except ReadingError:
            return False
    return head.startswith((*_PICKLE, *_TAR_MEMBERS))


def read(part: Part) -> Content:
    """Tell which of the formats it is, and what lies in it by name."""
    head = part.head(512)
    if head.startswith(b"PK\x03\x04"):
        members = zipped.members(part)
        facts: dict[str, Any] = {"members": [member.name for member in members[:MOST_NAMES]]}
        remarks = [UNREAD]
        tensors = sum("/data/" in f"/{member.name}" for member in members)
        if tensors:
            facts["tensors"] = tensors
        if len({member.name for member in members}) < len(members):
            remarks.append("a name stands twice among its members")
        packed = sum(not member.stored for member in members)
        if packed:
            remarks.append(f"{packed} members are packed, which PyTorch does not do")
        return Content("pytorch-zip", facts, (), tuple(remarks))
    if head[2:].startswith(_LEGACY):
        return Content("pytorch-legacy", remarks=(UNREAD,))
    if head.startswith(_TAR_MEMBERS):
        return Content("pytorch-tar", remarks=(UNREAD,))
    return Content("pickle", remarks=(UNREAD,))


def _is_pickle(name: str) -> bool:
    return name.endswith(".pkl") and name.rsplit("/", 1)[-1] in ("data.pkl", "constants.pkl")
