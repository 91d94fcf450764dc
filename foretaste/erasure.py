"""Takedowns from the command line: requests read from files, answers told and written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from foretaste.cli.output import check_output, publish
from foretaste.cli.talk import say
from foretaste.report.safe import safe
from lineage.errors import ForetasteError, UsageError
from lineage.queries.confirmed import read_confirmed, write_proposals
from lineage.queries.persons import proposals
from lineage.queries.takedown import Request, Takedown, purge_again, takedown
from lineage.shards import ReadingRecipe, open_shard
from lineage.shards.locate import locate
from lineage.store.store import Store, open_store
from lineage.store.takedowns import find_takedown, load_takedowns, returns_in
from lineage.store.where import wheres

if TYPE_CHECKING:
    import pyarrow as pa


def propose(given: Mapping[str, Any]) -> int:
    """Search for a person; write proposals, and tell how many of which form."""
    target = given["proposals"]
    if target is None:
        raise UsageError("--subject needs --proposals", hint="name a file to be confirmed")
    check_output(target)
    store = open_store(given["store"], create=False)
    names = [name for subject in given["subject"] for name in _names(subject)]
    unread: list[str] = []
    found = list(proposals(store, names, unread))
    places, _ = wheres(store, {one.shard for one in found})
    text, counts = write_proposals(names, found, places, unread)
    publish(target, lambda stream: stream.write(text))
    rows = [f"{count:>9,}  {form}" for form, count in counts.most_common()]
    rows += [f"shard {shard} could not be read again" for shard in unread]
    rows += [f"{len(found):,} records to confirm in {safe(target)}"]
    publish(None, lambda stream: stream.write("\n".join(rows) + "\n"))
    return 3 if unread else 0


def _names(subject: str) -> list[str]:
    if not Path(subject).is_file():
        return [subject]
    names = [line.strip() for line in read_file(subject).splitlines()]
    found = [name for name in names if name and not name.startswith("#")]
    if not found:
        raise UsageError(f"{subject} names nobody", hint="one name, address or handle a line")
    return found


def take_down(given: Mapping[str, Any]) -> int:
    """Take down what the options say; tell it, and write what was asked for."""
    for name in ("exclude", "receipt"):
        if given[name] is not None:
            check_output(given[name])
    request = Request(
        texts=[text for file in given["texts"] for text in _texts(file)],
        urls=_lines(given["urls"]),
        domain=given["domain"],
        confirmed=read_confirmed(read_file(given["confirm"])) if given["confirm"] else None,
        copies=given["copies"],
        threshold=given["threshold"],
    )
    store = open_store(given["store"], create=False)
    purge, dry = given["purges"], given["dry_run"]
    answer = takedown(store, request, purge=purge, dry_run=dry, say=say)
    if given["exclude"]:
        publish(given["exclude"], lambda stream: stream.write(answer.manifest))
    _give(answer, given["receipt"])
    return 0


def purge_later(prefix: str, receipt: str | None, where: str) -> int:
    """Purge what was taken down before; write a new receipt."""
    if receipt is not None:
        check_output(receipt)
    store = open_store(where, create=False)
    _give(purge_again(store, find_takedown(store, prefix).takedown), receipt)
    return 0


def _give(answer: Takedown, receipt: str | None) -> None:
    if receipt is not None and answer.receipt:
        publish(receipt, lambda stream: stream.write(answer.receipt + "\n"))
    publish(None, lambda stream: write_takedown(answer, stream))


def write_takedown(answer: Takedown, stream: TextIO) -> None:
    """What was found and done, for people."""
    for line in _told(answer.facts):
        stream.write(f"{safe(line)}\n")


def _told(facts: Mapping[str, Any]) -> Iterator[str]:
    yield f"takedown {facts['takedown']}" if "takedown" in facts else "dry run, nothing was done"
    hows = ", ".join(f"{count:,} {how}" for how, count in facts["found"].items()) or "nothing found"
    yield f"records    {facts['records']:,}: {hows}; {facts['documents']:,} documents"
    asked = facts["asked"]
    for name, text in _NOTES.items():
        count = len(asked["missed"]) if name == "missed" else {**facts, **asked}[name]
        if count:
            yield f"           {count:,} {text}"
    for one in facts["snapshots"]:
        yield f"snapshot   {one['dataset']}@{one['label']}: {one['records']:,} records"
    for one in facts["models"]:
        yield f"model      {one['name']}: {one['how']} ({one['basis']})"
    if facts.get("purge"):
        removed = ", ".join(f"{count:,} {name}" for name, count in facts["purge"].items())
        yield f"purged     {removed}"
    for left in facts.get("remains", ()):
        yield f"remains    {left}"


_NOTES = {
    "missed": "of what was asked for were not found",
    "judged_by_fingerprints_alone": "could not be read again and were judged by fingerprints",
    "quoting_but_not_taken": "more quote a passage and were not taken",
    "refused": "proposals were refused",
    "undecided": "proposals were left undecided, and not taken",
}


def listed(store: Store) -> pa.Table:
    """One row a takedown."""
    import pyarrow as pa  # noqa: PLC0415

    back: dict[str, int] = {}
    for name, _, records in returns_in(store):
        back[name] = back.get(name, 0) + records
    rows = [{**vars(one), "came_back": back.get(one.takedown, 0)} for one in load_takedowns(store)]
    kinds = {"documents": pa.int64(), "records": pa.int64(), "came_back": pa.int64()}
    names = ["takedown", "at", "asked", "documents", "records", "purged", "came_back", "receipt"]
    kinds["purged"] = pa.bool_()
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in names])
    return pa.Table.from_pylist(rows, schema=schema)


def read_file(file: str) -> str:
    """A file's text. UsageError if it cannot be read."""
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no UTF-8: {error}") from error


def _lines(file: str | None) -> Sequence[str]:
    lines = read_file(file).splitlines() if file else []
    return [line.strip() for line in lines if line.strip()]


def _texts(file: str) -> Iterator[str]:
    """Texts of the documents in a file of any format that can be scanned."""
    try:
        for batch in (b for one in locate([file]) for b in open_shard(one, ReadingRecipe())):
            yield from (text for text in batch.text.to_pylist() if text.strip())
    except ForetasteError as error:
        raise UsageError(f"cannot read texts of {file}: {error}", hint=error.hint) from error
