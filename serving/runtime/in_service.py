"""What answers at this moment: resolver, encoder and index, exchanged in one step; it loads nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from knowledge.index.knowledge_index import KnowledgeIndex
from model.errors import ArtifactError, NotReadyError
from model.interfaces import Reader
from model.types import Decision, IntentInfo, Question
from model.understanding.classifying import Classified, IntentsRead
from serving.indexing.sync import KnowledgeSync


class QuestionResolver(Protocol):
    """Decides what to do with questions; called from several threads at once."""

    def resolve(self, question: Question) -> Decision:
        """The decision for one message of a conversation."""
        ...

    def classify(self, texts: Sequence[str], *, intents: Mapping[str, IntentInfo]) -> Classified:
        """What each text says as a first message, all read together."""
        ...

    def read_intents(self, texts: Sequence[str]) -> IntentsRead:
        """The intents of each text as a first message, and its vector."""
        ...


@dataclass(frozen=True, slots=True)
class Knowledge:
    """An encoder with the index that it made: vectors of two encoders never mix, so take both from one."""

    encoder: Reader
    sync: KnowledgeSync
    """Keeps the index equal to the store."""

    @property
    def index(self) -> KnowledgeIndex:
        """What is known."""
        return self.sync.index


@dataclass(frozen=True, slots=True)
class LoadedSet:
    """A model set ready to answer, on the knowledge that its encoder made."""

    version: str
    resolver: QuestionResolver
    knowledge: Knowledge


@dataclass(frozen=True, slots=True)
class _Now:
    knowledge: Knowledge
    resolver: QuestionResolver | None
    version: str | None


class ResolverBox:
    """Holds what is in service, which may be exchanged at any moment without dropping a question."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._now = _Now(knowledge, None, None)
        self.last_error: str | None = None
        """Why the latest model set could not be taken into service; `None` when it could."""

    @property
    def version(self) -> str | None:
        """The model set in service."""
        return self._now.version

    @property
    def knowledge(self) -> Knowledge:
        """The encoder and index in service, which belong together."""
        return self._now.knowledge

    def put(self, loaded: LoadedSet) -> None:
        """Answer every question from now on with this set; those under way end with the old one."""
        self._now = _Now(loaded.knowledge, loaded.resolver, loaded.version)
        self.last_error = None

    def resolve(self, question: Question) -> Decision:
        """The decision of the resolver in service.

        Raises `NotReadyError` before the first one is there, and `ArtifactError` when it cannot be.
        """
        return self._resolver().resolve(question)

    def classify(self, texts: Sequence[str], *, intents: Mapping[str, IntentInfo]) -> Classified:
        """What the resolver in service reads from the texts; raises as `resolve`."""
        return self._resolver().classify(texts, intents=intents)

    def read_intents(self, texts: Sequence[str]) -> IntentsRead:
        """What the resolver in service reads of the texts' intents; raises as `resolve`."""
        return self._resolver().read_intents(texts)

    def _resolver(self) -> QuestionResolver:
        resolver = self._now.resolver
        if resolver is None:
            if self.last_error is not None:
                raise ArtifactError(self.last_error)
            indexed = len(self._now.knowledge.index)  # raises while it is built
            raise NotReadyError(
                f"the model set is being loaded ({indexed:,} passages are indexed); try again in a moment"
            )
        return resolver
