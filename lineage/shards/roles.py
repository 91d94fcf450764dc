"""Which field means what: known names by priority, decided for each record on its own.

Never by what other records of the shard hold: re-sharding must not change a document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lineage.model import Role

Path = tuple[str, ...]
"""Keys from the record down to a value; lists add nothing."""

NAMES: dict[Role, tuple[tuple[str, ...], ...]] = {
    Role.SYSTEM: (("system", "system_prompt", "system_message"),),
    Role.PROMPT: (
        ("prompt", "instruction", "instructions", "question", "query", "problem"),
        ("input", "inputs"),
        ("context",),
    ),
    Role.RESPONSE: (
        ("reasoning", "reasoning_content", "thinking", "rationale"),
        (
            "response", "responses", "output", "outputs", "completion", "completions",
            "answer", "answers", "answers.text", "target", "targets", "solution",
        ),
    ),
    # A part each: what one trainer takes as the text must not hide behind what another takes.
    Role.TEXT: tuple((name,) for name in (
        "text", "content", "raw_content", "body", "document", "contents", "selftext", "article",
        "passage", "markdown", "code", "sentence", "review", "tweet", "comment", "message",
    )),
    Role.CHOSEN: (("chosen",),),
    Role.REJECTED: (("rejected",),),
    Role.LABEL: (("label", "labels", "class", "category", "sentiment"),),
    Role.SOURCE: (("source", "subset", "dataset", "corpus", "domain", "subreddit", "origin"),),
    Role.PATH: ((
        "path", "file", "filename", "file_name", "filepath", "file_path",
        "max_stars_repo_path",
    ),),
    Role.URL: (("url", "uri", "link", "href", "permalink", "warc-target-uri"),),
    Role.TIMESTAMP: ((
        "timestamp", "date", "created", "created_utc", "created_at", "crawl_date", "datetime",
        "published", "date_download", "warc-date",
    ),),
    Role.ID: (("id", "_id", "uuid", "doc_id", "record_id", "uid", "warc-record-id"),),
}  # fmt: skip
"""Role -> parts -> names. A role's value is its parts joined by newlines; in each part the first
name with a value wins, and the values of the others are leaves."""

METADATA_FOLDERS = ("meta", "metadata")
"""``meta.url`` is read as ``url`` is, when the record has no ``url``."""

_METADATA_ROLES = (Role.SOURCE, Role.PATH, Role.URL, Role.TIMESTAMP, Role.ID)

CHAT_NAMES = ("messages", "conversations", "conversation", "dialogue", "dialog", "turns", "chat")
"""Fields whose lists of objects are turns of a chat."""

SPEAKER_KEYS = ("role", "from", "speaker")
CONTENT_KEYS = ("content", "value", "text")
REASONING_KEYS = ("reasoning_content", "reasoning", "thinking")
_LABELS = frozenset({*SPEAKER_KEYS, "type"})
"""Keys under a content field that say what a value is; they are no text."""

SPEAKERS: dict[str, Role] = {
    **dict.fromkeys(("system", "developer"), Role.SYSTEM),
    **dict.fromkeys(
        ("assistant", "gpt", "model", "bot", "chatbot", "chatgpt", "ai"), Role.RESPONSE
    ),
}
"""Speakers that are neither system nor model (user, human, tools) count as the prompt."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A field that can fill a part of a role; ``path`` is the dotted path of the field."""

    role: Role
    part: int
    priority: int
    path: str

    @property
    def rank(self) -> tuple[int, bool, str]:
        """Sort key among the fields for the same part: first wins."""
        return self.priority, self.path != self.path.lower(), self.path


def speaker_role(name: str | None) -> Role:
    """Role of what a speaker of a chat says."""
    return SPEAKERS.get(name.strip().lower(), Role.PROMPT) if name else Role.PROMPT


class Roles:
    """Looks fields up. ``overrides`` replaces all names of the roles that it holds."""

    def __init__(self, overrides: Mapping[Role, tuple[str, ...]]) -> None:
        """Build the table of known dotted paths."""
        self.overrides = overrides
        self._table: dict[str, Slot] = {}
        for role, paths in overrides.items():
            for part, path in enumerate(paths):
                self._table.setdefault(path, Slot(role, part, 0, path))
        self._overridden = frozenset(self._table)
        for role in NAMES.keys() - overrides.keys():
            self._add_names(role)

    def _add_names(self, role: Role) -> None:
        for part, names in enumerate(NAMES[role]):
            folders = METADATA_FOLDERS if role in _METADATA_ROLES else ()
            paths = [*names, *(f"{folder}.{name}" for folder in folders for name in names)]
            for priority, path in enumerate(paths):
                for spelling in (path, path.capitalize(), path.title(), path.upper()):
                    # Behind the chat fields, which come first where a record has both.
                    slot = Slot(role, part, len(CHAT_NAMES) * 3 + priority, spelling)
                    self._table.setdefault(spelling, slot)

    def slot(self, path: Path) -> tuple[Slot | None, bool]:
        """Slot of the field, or of the nearest field around it, and whether it is the field.

        Numbers are read only as the field itself; strings anywhere within.
        """
        for length in range(len(path), 0, -1):
            slot = self._table.get(".".join(path[:length]))
            if slot is not None:
                exact = length == len(path)
                return (slot if exact or path[-1].lower() not in _LABELS else None), exact
        return None, False

    def is_chat(self, path: Path) -> bool:
        """Whether a list of objects in this field is a chat."""
        return len(path) == 1 and path[0] in CHAT_NAMES and path[0] not in self._overridden

    def turn(self, path: Path, speaker: Role) -> Slot | None:
        """Slot of a string in a turn; ``path`` starts with the chat field and the turn's key."""
        within = len(path) > 2
        if speaker in self.overrides or (within and path[-1].lower() in _LABELS):
            return None
        keys = CONTENT_KEYS
        part = 1 if speaker is Role.RESPONSE else 0
        if path[1] in REASONING_KEYS and speaker is Role.RESPONSE:
            keys, part = REASONING_KEYS, 0
        if path[1] not in keys:
            return None
        priority = CHAT_NAMES.index(path[0]) * 3 + keys.index(path[1])
        return Slot(speaker, part, priority, ".".join(path[:2]))
