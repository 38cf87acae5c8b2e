"""What learning needs of the running parts; declares, holds nothing."""

from typing import Protocol

from model.interfaces import Encoder, Retriever


class LearningTools(Protocol):
    """An encoder with the index that it made, such as a running process has."""

    @property
    def encoder(self) -> Encoder:
        """Turns texts into vectors."""
        ...

    @property
    def index(self) -> Retriever:
        """What is known."""
        ...
