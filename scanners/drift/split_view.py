"""The same key, other content: scored by kind of change."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from scanners.drift.compare import Compared, Found, compare, find, plan_excerpts, plan_known
from scanners.drift.keys import KEYED, Pairs, both_sides, paired
from scanners.drift.reported import reported
from scanners.drift.texts import BYTES, EXCERPTS, INSERTED, KNOWN, ORIGINS, TEXTS, WHOLE
from scanners.scanner import Component, Finding, Observed, Plan, Scanner


class SplitView(Scanner):
    """Documents that became something else under the same key.

    What it finds. Documents of two snapshots are paired by url, id or path, whichever pairs
    most of them unchanged (``--key`` decides). That a document changed is no alarm: much of
    any living corpus does within months, and a summary counts it by kind (edited, rewritten,
    replaced by something unrelated, emptied). Three things are alarms:

    * *One new string in many documents.* It is hardly known to the older snapshot, and was put
      into documents without touching what stands around it: the token before it and the token
      after it were neighbours before. Counted are independent witnesses: different
      neighbours on both sides, in places (source, host, folders) no more alike than those of
      all changed documents. Natural recurring insertions come in the same company (templates,
      replaced boilerplate) or from one corner (a topic, an editor). The null is the number of
      witnesses of the corpus's own other recurring insertions, with an exponential tail, times
      the number of candidates. Where documents were wholly replaced by one text (parked
      pages, notices) it is possible at most: sites do that, too.
    * *Noise.* Inserted pieces of 120 bytes and more that are costlier under the byte pairs of
      the older texts than the costliest piece of 99 or 99.8 % of these texts; binomial.
    * *Foreign text.* Documents replaced by something unrelated, of which more word pairs are
      unknown to the older snapshot than 99 or 99.8 % of older texts have word pairs to
      themselves; binomial.

    Documents of one place count as fewer: their number times expected over observed pairs that
    share a place.

    Why it matters. Who indexes a corpus and who downloads it see different content: an expired
    domain can be bought, a page edited (split-view poisoning, Carlini et al. 2023, arXiv
    2302.10149). An older snapshot that is known to be clean is the best witness there is.

    Known false positives. A campaign of one organisation over its whole site, with the same
    sentence put into pages at different places; a first release of encoded data.

    It does not see replacement by text that is like the rest of the corpus, edits of fewer
    than about a dozen documents, fluent edits that differ from document to document, strings
    put beside the same neighbours everywhere, and what is new rather than changed.

    What to do. Compare a few members in both snapshots. Take the older text where there is no
    good reason for the newer.
    """

    code: ClassVar[str] = "DRF001"
    name: ClassVar[str] = "split-view"
    compares: ClassVar[bool] = True
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = (
        (KEYED, KEYED.of_reference),
        (TEXTS, TEXTS.of_reference, BYTES.of_reference, ORIGINS),
        (KNOWN.of_reference, INSERTED, WHOLE.of_reference),
        (EXCERPTS,),
    )

    def __init__(self) -> None:
        self._pairs: Pairs | None = None
        self._compared: Compared | None = None
        self._found = Found([], [])

    def plan(self, number: int, observed: Observed) -> Plan:
        """Keys; texts of what changed; what the older snapshot knows; what to quote."""
        if number == 0:
            return Plan()
        if number == 1:
            older, newer = observed.pop(KEYED.of_reference.name), observed.pop(KEYED.name)
            self._pairs = paired(older, newer, self.settings.get("key", ""))
            none = np.zeros((0, 2), np.uint64)
            return Plan(wanted=none if self._pairs is None else both_sides(self._pairs))
        if number == 2:
            if self._pairs is not None:
                self._compared = compare(self._pairs, observed)
            return plan_known(self._compared, observed)
        if self._compared is not None:
            self._found = find(self._compared, observed)
        return plan_excerpts(self._compared, self._found)

    def judge(self, observed: Observed) -> list[Finding]:
        """Strings, effects, and the summary."""
        if self._compared is None:
            return []
        return reported(self._compared, self._found, observed[EXCERPTS.name])
