"""Where the boxes of a layered drawing stand: Sugiyama, Tagawa and Toda 1981, the simple form.

Layers by longest path, circles cut where a depth-first walk meets them; long edges get a
waypoint in every layer that they cross; order in a layer by sweeps of barycentres; places by
pulling each box towards the mean of its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 12
PULLS = 24


@dataclass(frozen=True)
class Layout:
    """``layer`` and ``place`` of every box, counted from 0; ``place`` in units of a box's height.

    ``ways``: the layers and places that each edge passes, its ends included.
    """

    layer: list[int]
    place: list[float]
    ways: list[list[tuple[int, float]]]


def arrange(boxes: int, edges: Sequence[tuple[int, int]]) -> Layout:
    """Lay out boxes 0 .. ``boxes`` - 1; an edge leads from an earlier layer to a later one."""
    straight = _without_circles(boxes, edges)
    layer = _layers(boxes, straight)
    chains, owners, links = _waypoints(boxes, straight, layer)
    rows: list[list[int]] = [[] for _ in range(max(owners, default=0) + 1)]
    for point, where in enumerate(owners):
        rows[where].append(point)
    before: list[list[int]] = [[] for _ in owners]
    behind: list[list[int]] = [[] for _ in owners]
    for one, other in links:
        behind[one].append(other)
        before[other].append(one)
    _order(rows, before, behind)
    place = _places(rows, before, behind, boxes)
    ways = []
    for (one, other), chain in zip(edges, chains, strict=True):
        points = [(owners[point], place[point]) for point in chain]
        ways.append(points if chain[0] == one or one == other else points[::-1])
    return Layout(layer, place[:boxes], ways)


def _without_circles(boxes: int, edges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Edges, those that lead back turned round."""
    ahead: list[list[int]] = [[] for _ in range(boxes)]
    for number, (one, _) in enumerate(edges):
        ahead[one].append(number)
    turned = set()
    state = [0] * boxes  # 1: on the way, 2: done
    entered = {other for one, other in edges if one != other}
    for start in sorted(range(boxes), key=lambda box: (box in entered, box)):
        if state[start]:
            continue
        state[start] = 1
        waiting = [(start, iter(ahead[start]))]
        while waiting:
            box, left = waiting[-1]
            number = next(left, -1)
            if number < 0:
                state[box] = 2
                waiting.pop()
                continue
            other = edges[number][1]
            if state[other] == 1:
                turned.add(number)
            elif state[other] == 0:
                state[other] = 1
                waiting.append((other, iter(ahead[other])))
    return [edge[::-1] if n in turned else edge for n, edge in enumerate(edges)]


def _layers(boxes: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Longest path from a box that nothing leads to; then sources move up to what they feed."""
    behind: list[list[int]] = [[] for _ in range(boxes)]
    missing = [0] * boxes
    for one, other in edges:
        if one != other:
            behind[one].append(other)
            missing[other] += 1
    entered = [count > 0 for count in missing]
    layer = [0] * boxes
    ready = [box for box in range(boxes) if not missing[box]]
    for box in ready:
        for other in behind[box]:
            layer[other] = max(layer[other], layer[box] + 1)
            missing[other] -= 1
            if not missing[other]:
                ready.append(other)
    for box in range(boxes):
        if not entered[box] and behind[box]:
            layer[box] = min(layer[other] for other in behind[box]) - 1
    return layer


def _waypoints(
    boxes: int, edges: Sequence[tuple[int, int]], layer: Sequence[int]
) -> tuple[list[list[int]], list[int], list[tuple[int, int]]]:
    """(points of each edge, layer of each point, links of points in neighbouring layers)."""
    owners, chains, links = list(layer), list[list[int]](), list[tuple[int, int]]()
    del boxes
    for one, other in edges:
        chain = [one]
        for between in range(layer[one] + 1, layer[other]):
            owners.append(between)
            chain.append(len(owners) - 1)
        chain.append(other)
        if one != other:
            links += pairwise(chain)
        chains.append(chain)
    return chains, owners, links


def _order(rows: list[list[int]], before: list[list[int]], behind: list[list[int]]) -> None:
    """Order the points of every layer so that few links cross."""
    position: dict[int, float] = {}

    def settle(row: list[int], beside: list[list[int]]) -> None:
        def middle(point: int) -> float:
            near = [position[other] for other in beside[point]]
            return sum(near) / len(near) if near else position[point]

        row.sort(key=lambda point: (middle(point), position[point]))
        position.update({point: float(k) for k, point in enumerate(row)})

    for row in rows:
        position.update({point: float(k) for k, point in enumerate(row)})
    for _ in range(SWEEPS):
        for row in rows[1:]:
            settle(row, before)
        for row in rows[-2::-1]:
            settle(row, behind)


def _places(
    rows: list[list[int]], before: list[list[int]], behind: list[list[int]], boxes: int
) -> list[float]:
    """Places that keep the order and their distance, near the mean of the neighbours."""
    place = [0.0] * sum(map(len, rows))
    tallest = max(map(len, rows), default=0)
    for row in rows:
        start = (tallest - len(row)) / 2
        for number, point in enumerate(row):
            place[point] = start + number
    for pull in range(PULLS):
        for row in rows if pull % 2 else rows[::-1]:
            wanted = []
            for point in row:
                near = [place[other] for other in (*before[point], *behind[point])]
                wanted.append(sum(near) / len(near) if near else place[point])
            gaps = [1.0 if a < boxes and b < boxes else 0.6 for a, b in pairwise(row)]
            for point, at in zip(row, _apart(wanted, gaps), strict=True):
                place[point] = at
    lowest = min(place, default=0.0)
    return [at - lowest for at in place]


def _apart(wanted: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """Places in order, ``gaps`` apart, nearest to the wanted ones (pool adjacent violators)."""
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    blocks: list[tuple[float, int]] = []
    for at, offset in zip(wanted, offsets, strict=False):
        total, count = at - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            total, count = total + blocks[-1][0], count + blocks[-1][1]
            blocks.pop()
        blocks.append((total, count))
    level = [total / count for total, count in blocks for _ in range(count)]
    return [base + offset for base, offset in zip(level, offsets, strict=False)]
