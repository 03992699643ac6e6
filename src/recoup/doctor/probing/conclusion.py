"""What follows from something that was seen: which rivals it proves, disproves, or makes likelier."""

from __future__ import annotations

from typing import Any

import msgspec

from recoup.diagnosis.clue import Clue
from recoup.redaction import redact_text

__all__ = ["Conclusion"]

_PROVES, _DISPROVES = 6.0, -6.0  # natural logarithms: four hundred to one


class Conclusion(msgspec.Struct, frozen=True, kw_only=True):
    """`text` is the evidence in one sentence. `hints` are weights by id, as a clue has them: they prove nothing."""

    text: str
    proves: frozenset[str] = frozenset()
    disproves: frozenset[str] = frozenset()
    hints: dict[str, float] = {}

    def clue(self) -> Clue:
        """The same for the weighing of rivals."""
        weights = dict(self.hints) | dict.fromkeys(self.disproves, _DISPROVES) | dict.fromkeys(self.proves, _PROVES)
        return Clue(text=self.text, weights=weights, introduces=self.proves)

    def about(self, rivals: frozenset[str]) -> dict[str, Any]:
        """Plain data, secrets masked, with those ids that are among the rivals; what it proves counts always."""
        return {
            "evidence": redact_text(self.text),
            "proves": sorted(self.proves),
            "disproves": sorted(self.disproves & rivals),
        }
