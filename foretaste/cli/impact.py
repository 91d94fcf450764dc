"""``foretaste impact``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options


@click.command()
@click.argument("subject")
@click.option("--since", metavar="MOMENT", help="Only records whose timestamp is not before this.")
@click.option("--until", metavar="MOMENT", help="Only records whose timestamp is not after this.")
@options.THRESHOLD
@options.STORE
@options.ANSWER
def command(subject: str, **given: Any) -> None:
    """Tell the blast radius of a source, domain, shard, finding or artifact.

    SUBJECT is a name; or kind:name, where it could mean several things. Kinds: source, domain,
    shard (digest or path), finding, artifact. Exit code 0 whatever is found.
    """
    from foretaste.cli.answer import asked, show_as  # noqa: PLC0415
    from foretaste.report.impact import write_impact  # noqa: PLC0415
    from lineage.queries.impact import impact  # noqa: PLC0415

    how = {name: given[name] for name in ("since", "until", "threshold")}
    with asked(given) as store:
        answer = impact(store, subject, **how)
    show_as(answer.table, given, lambda stream: write_impact(answer, stream))
