"""What the suites know of an encoder tuned to labelled texts; tunes nothing itself."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from eval.scope import Scores
from model.heads.head import LinearHead
from model.interfaces import Reader


class TunedTexts(Protocol):
    """An encoder tuned to labels, with a calibrated head on its features."""

    @property
    def encoder(self) -> Reader:
        """As it was exported for serving."""
        ...

    @property
    def head(self) -> LinearHead:
        """On the encoder's features."""
        ...

    @property
    def held_out_scope(self) -> Mapping[str, Scores]:
        """`eval.scope.all_scores` of texts in scope that neither encoder nor head was fitted on."""
        ...


class TuneTexts(Protocol):
    """Tunes an encoder to labelled texts."""

    def __call__(self, texts: Sequence[str], labels: Sequence[str], *, seed: int) -> TunedTexts:
        """The tuned encoder with its head; the same seed gives the same one."""
        ...
