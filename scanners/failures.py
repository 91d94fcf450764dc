"""A scanner that fails costs its own findings, never those of the others."""

from __future__ import annotations

import traceback
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lineage.errors import ForetasteError


class Failures:
    """What failed and why. A strict one (for tests) lets the first failure through.

    Expected errors (of reading, of the store) are no failures of a scanner: they pass.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self._reasons: dict[Hashable, str] = {}

    @contextmanager
    def guard(self, *names: Hashable) -> Iterator[None]:
        """Note under ``names`` what goes wrong inside."""
        try:
            yield
        except ForetasteError:
            raise
        except Exception as error:
            if self._strict:
                raise
            for name in names:
                self._reasons.setdefault(name, _describe(error))

    def reason(self, name: Hashable) -> str | None:
        """Why it failed; None if it did not."""
        return self._reasons.get(name)

    def pass_on(self, name: Hashable, code: str) -> bool:
        """Whether a job failed; a scanner that needs it fails with it."""
        reason = self.reason(name)
        if reason is not None:
            self._reasons.setdefault(code, reason)
        return reason is not None

    @property
    def scanners(self) -> dict[str, str]:
        """Code of each scanner that failed -> why."""
        return {name: why for name, why in self._reasons.items() if isinstance(name, str)}


def _describe(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
