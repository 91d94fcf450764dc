"""Every error a user can meet, as one tree; each class carries its exit code and a hint.

::

    ForetasteError                 exit 2
    ├── UsageError                 exit 2   what was asked cannot be done as asked
    ├── ReadingError               exit 3   a shard could not be read to its end
    ├── StoreError                 exit 2   the store cannot be opened, or is damaged
    │   └── StoreBusyError         exit 2   another process holds the store
    └── RecipeMismatchError        exit 2   values of different recipes were to be compared
"""

from __future__ import annotations


class ForetasteError(Exception):
    """Base of all expected errors: a message, and a hint that says what to do next."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(ForetasteError):
    """The request itself is wrong: an unknown name, a missing path, options that exclude."""


class ReadingError(ForetasteError):
    """A shard could not be opened, or not be read to its end."""

    exit_code = 3


class StoreError(ForetasteError):
    """The store cannot be opened, or does not hold what its index says."""


class StoreBusyError(StoreError):
    """Another process has the store open for writing."""


class RecipeMismatchError(ForetasteError):
    """Two values made by different recipes were to be compared; that has no answer."""
