"""Questions to a lineage graph of 10^5 edges.

Usage: ``python benchmarks/graph.py [EDGES]``. Declares a graph of sources, snapshots, runs and
models into a new store: most models descend from one another, so a question about an old one
reaches most of the graph; one chain of models is 1,000 long and closes to a circle. Prints how
long it took to declare, and seconds of wall time of each question: median of five, in this
process and from the shell (a process of its own, which includes its start).
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from measure import foretaste, run

from lineage.graph import Basis, Edge, Entity, Kind, Node, Relation
from lineage.queries.lineage import lineage
from lineage.store.graph import declare_more, load_edges
from lineage.store.store import Store, open_store

ROUNDS = 5
CHAIN = 1000


def edges(count: int) -> Iterator[Edge]:
    """A graph in the proportions of a laboratory: four models a snapshot, two edges a model."""
    draw = random.Random(1)
    snapshots = [Node(Kind.SNAPSHOT, f"corpus-{n}@v1") for n in range(count // 8)]
    models = [Node(Kind.ARTIFACT, f"model-{n}") for n in range(count // 2)]
    sources = [Node(Kind.SOURCE, f"source-{n}") for n in range(count // 80 + 1)]
    for snapshot in snapshots:
        yield _edge(snapshot, Relation.COLLECTED_FROM, draw.choice(sources))
    for number, model in enumerate(models):
        if number:
            older = models[draw.randrange(max(1, number // 2))]
            yield _edge(model, Relation.FINE_TUNED_FROM, older)
        yield _edge(model, Relation.TRAINED_ON, draw.choice(snapshots))
    chain = [Node(Kind.ARTIFACT, f"link-{n}") for n in range(CHAIN)]
    for number, link in enumerate(chain):
        yield _edge(link, Relation.FINE_TUNED_FROM, chain[number - 1])


def _edge(child: Node, relation: Relation, parent: Node) -> Edge:
    facts = {"epochs": 2} if relation is Relation.TRAINED_ON else {}
    return Edge(child, relation, parent, Basis.DECLARED, facts)


def questions(store: Store) -> dict[str, Callable[[], int]]:
    """Question -> what asks it and counts the edges of the answer."""
    return {
        "young model, upstream": lambda: len(
            lineage(store, "model-999", direction="upstream").steps
        ),
        "first model, downstream": lambda: len(
            lineage(store, "model-0", direction="downstream").steps
        ),
        "snapshot, both ways": lambda: len(lineage(store, "corpus-1@v1").steps),
        "circle of 1,000": lambda: len(lineage(store, "link-500").steps),
        "all edges as objects": lambda: len(load_edges(store)),
    }


def main(count: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "store")
        made = list(edges(count))
        start = time.perf_counter()
        declare_more(store, [Entity(Node(Kind.ARTIFACT, "model-0"), {"note": "first"})], made)
        print(f"{len(made):,} edges declared in {time.perf_counter() - start:.1f} s\n")
        print("question                  edges      here")
        for name, ask in questions(store).items():
            walls = []
            for _ in range(ROUNDS):
                start = time.perf_counter()
                found = ask()
                walls.append(time.perf_counter() - start)
            print(f"{name:<24} {found:>6,}  {statistics.median(walls):.3f} s")
        print("\nfrom the shell")
        for arguments in (("model-999", "--upstream"), ("model-0", "--downstream"), ("link-500",)):
            for format in ("tree", "json", "svg"):
                command = foretaste("lineage", *arguments, "--format", format)
                shell = [*command, "--store", str(store.root)]
                costs = [run(shell)[0].wall for _ in range(ROUNDS)]
                print(
                    f"{' '.join((*arguments, format)):<24}         {statistics.median(costs):.2f} s"
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
