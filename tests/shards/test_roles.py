"""Roles: what a record's fields become, the same through the fast and the strict path."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from lineage.model import Role
from lineage.shards.jsonl import JsonLines
from lineage.shards.open import Source
from lineage.shards.recipe import ReadingRecipe


class Memory:
    """A stream over bytes."""

    def __init__(self, data: bytes) -> None:
        self.damage = ""
        self._stream = io.BytesIO(data)

    def readinto(self, buffer: memoryview) -> int:
        return self._stream.readinto(buffer)

    def close(self) -> None:
        pass


def roles_of(record: dict[str, Any], **roles: tuple[str, ...]) -> tuple[str, str, dict[str, str]]:
    """Text, leaves and roles of a record, read both strictly and by Arrow."""
    recipe = ReadingRecipe(roles={Role(name): paths for name, paths in roles.items()})
    source: Source = Memory((json.dumps(record) + "\n").encode() * 50)
    reader = JsonLines(source, recipe, smallest=16)
    seen = [
        (b.text[i].as_py(), b.leaves[i].as_py(),
         {role.value: c[i].as_py() for role, c in b.roles.items() if c[i].is_valid})
        for b in reader.batches() for i in range(len(b))
    ]  # fmt: skip
    assert reader.parsed_fast > 0 and len(seen) == 50
    assert all(row == seen[0] for row in seen)
    return seen[0]


def test_a_pretraining_record() -> None:
    record = {"text": "hello", "subreddit": "aww", "created_utc": 17, "meta": {"url": "http://x"}}
    text, leaves, roles = roles_of(record)
    assert text == "hello"
    assert roles == {"text": "hello", "source": "aww", "timestamp": "17", "url": "http://x"}
    assert leaves == "http://x\naww"


def test_an_instruction_record() -> None:
    text, _, roles = roles_of({"instruction": "do", "input": "this", "output": "done"})
    assert roles == {"prompt": "do\nthis", "response": "done"} and text == "do\nthis\ndone"
    assert roles_of({"instruction": "do", "input": "", "output": "x"})[2]["prompt"] == "do"


def test_a_preference_pair() -> None:
    text, _, roles = roles_of({"prompt": "q", "chosen": "good", "rejected": "bad"})
    assert roles == {"prompt": "q", "chosen": "good", "rejected": "bad"} and text == "q\ngood\nbad"


def test_preference_pairs_of_turns_keep_speakers_out_of_the_text() -> None:
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    text, leaves, roles = roles_of({"chosen": turns, "rejected": turns[:1]})
    assert roles == {"chosen": "q\na", "rejected": "q"} and text == "q\na\nq"
    assert leaves == "user\nassistant\nuser"


def test_a_chat() -> None:
    turns = [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "hello", "reasoning_content": "a greeting"},
        {"role": "tool", "content": "42", "name": "calculator"},
        {"role": "assistant", "content": None},
        {"role": "assistant", "content": "bye"},
    ]
    text, leaves, roles = roles_of({"messages": turns, "prompt": "hi"})
    assert roles == {
        "system": "be kind", "prompt": "hi\n42", "response": "a greeting\nhello\nbye",
    }  # fmt: skip
    assert text == "be kind\nhi\n42\na greeting\nhello\nbye"
    assert "calculator" in leaves and leaves.endswith("hi")


def test_sharegpt_turns_and_content_in_parts() -> None:
    turns = [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "hello"}]
    assert roles_of({"conversations": turns})[2] == {"prompt": "hi", "response": "hello"}
    parts = [
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
    ]
    text, leaves, roles = roles_of({"messages": parts})
    assert roles == {"prompt": "a\nb"} and text == "a\nb" and "text" in leaves


def test_priority_is_by_name_and_losers_are_leaves() -> None:
    text, leaves, roles = roles_of({"question": "second", "prompt": "first"})
    assert (text, leaves, roles) == ("first", "second", {"prompt": "first"})


def test_no_text_hides_behind_another() -> None:
    text, leaves, roles = roles_of({"content": "second", "text": "first"})
    assert (text, leaves, roles) == ("first\nsecond", "", {"text": "first\nsecond"})
    assert roles_of({"content": "second", "text": ""})[0] == "second"
    assert roles_of({"Text": "capital", "LABEL": "1"})[2] == {"text": "capital", "label": "1"}


def test_without_known_names_all_strings_are_the_text() -> None:
    text, leaves, roles = roles_of({"b": "two", "a": ["one", {"x": "deep"}][:1], "id": "7"})
    assert (text, leaves, roles) == ("one\ntwo", "7", {"text": "one\ntwo", "id": "7"})


def test_nested_answers_and_lists() -> None:
    record = {"question": "q", "context": "c", "answers": {"text": ["x", "y"], "answer_start": [1]}}
    _, _, roles = roles_of(record)
    assert roles == {"prompt": "q\nc", "response": "x\ny"}
    assert roles_of({"text": ["a", "b"], "labels": [0, 1]})[2] == {"text": "a\nb", "label": "0\n1"}


def test_overrides_replace_the_known_names_of_their_role() -> None:
    record = {"text": "t", "title": "head", "body": {"main": "m"}}
    text, leaves, roles = roles_of(record, text=("title", "body.main"))
    assert (text, leaves, roles) == ("head\nm", "t", {"text": "head\nm"})
    assert roles_of(record, text=())[2] == {"text": "m\nt\nhead"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (ReadingRecipe(), ReadingRecipe(), True),
        (ReadingRecipe(), ReadingRecipe(lines=True), False),
        (ReadingRecipe(roles={Role.TEXT: ("a",)}), ReadingRecipe(roles={Role.TEXT: ("b",)}), False),
        (ReadingRecipe(roles={Role.TEXT: ("a",)}), ReadingRecipe(roles={Role.TEXT: ("a",)}), True),
        (ReadingRecipe(), ReadingRecipe(format="text"), False),
    ],
)
def test_recipes_have_one_name_each(one: ReadingRecipe, other: ReadingRecipe, same: bool) -> None:
    assert (one.name == other.name) is same
    assert one.name.startswith("read1")
