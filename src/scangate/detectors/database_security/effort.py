"""How much of a text one scan reads closely: candidates over all views and finders together, so that decoys cannot buy time.

Looking for candidates is one pass of a pattern; a candidate is what costs (its place, its tokens, its shape). Ordinary texts of two
megabytes have a few hundred of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

MAX_CANDIDATES: Final = 3000
MAX_TOKENS: Final = 30_000
_CHECK_EVERY: Final = 50


class Effort:
    """What one scan has spent. Belongs to one scan.

    `is_incomplete` says that candidates were left unread, so that finding nothing means nothing.
    """

    __slots__ = ("candidates", "checkpoint", "is_incomplete", "tokens")

    def __init__(self, checkpoint: Callable[[], None]) -> None:
        self.checkpoint = checkpoint
        self.candidates = self.tokens = 0
        self.is_incomplete = False

    def begin(self) -> bool:
        """One more candidate; False where no more may be read.

        Raises:
            DeadlineExceededError: passed on from the scan's checkpoint.
        """
        if self.candidates >= MAX_CANDIDATES or self.tokens >= MAX_TOKENS:
            self.is_incomplete = True
            return False
        if self.candidates % _CHECK_EVERY == 0:
            self.checkpoint()
        self.candidates += 1
        return True
