"""``foretaste takedown``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options
from foretaste.cli.takedowns import list_, purge, verify


@click.group(invoke_without_command=True)
@click.option("--texts", metavar="FILE", multiple=True, help="Texts of a shard, or one of a .txt.")
@click.option("--urls", metavar="FILE", help="URLs, one a line.")
@click.option("--domain", metavar="DOMAIN", help="All records from a domain and those in it.")
@click.option(
    "--subject",
    metavar="NAME|FILE",
    multiple=True,
    help="Propose records about a person: a name, address or handle, or a file of them.",
)
@click.option("--proposals", metavar="FILE", help="Where --subject writes what to confirm.")
@click.option("--confirm", metavar="FILE", help="Take down what was confirmed in proposals.")
@click.option("--copies", is_flag=True, help="Of URLs or a domain: take copies elsewhere, too.")
@options.THRESHOLD
@click.option("--purge", "purges", is_flag=True, help="Make the store forget them.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be taken down.")
@click.option("--exclude", metavar="FILE", help="Write the exclusion manifest there.")
@click.option("--receipt", metavar="FILE", help="Write the receipt there.")
@options.STORE
def command(**given: Any) -> int:
    """Answer a request for erasure, by texts, URLs, a domain or a person.

    Finds every copy and near-copy, tells which snapshots and models have them, writes what to
    exclude and a receipt, and recognises the records when they come back. A person's records
    are proposed first; edit that file, and give it back with --confirm.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return 0
    from foretaste.erasure import propose, take_down  # noqa: PLC0415
    from lineage.errors import UsageError  # noqa: PLC0415

    if given["subject"] and any(given[name] for name in ("texts", "urls", "domain", "confirm")):
        raise UsageError("--subject goes alone", hint="it proposes; --confirm takes down")
    return propose(given) if given["subject"] else take_down(given)


for sub in (verify, list_, purge):
    command.add_command(sub)
