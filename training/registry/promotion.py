"""Which model set is in service: compares, promotes and puts back sets that are registered; trains none.

The pointer in `models/` decides, since servers follow it and nothing else. The registry's aliases are moved
before it and, where a crash left them saying something else, put right from it before anything is done.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select

from eval.data.labelled import own_or_general, read_labelled_questions, read_mood_conversations
from eval.home import champion_version, open_store
from eval.promotion.comparison import (
    GATE_NAMES,
    Comparison,
    Contender,
    HeldOut,
    compare,
    folder_bytes,
)
from eval.promotion.speed import Timing
from eval.report.tracking import log_run
from eval.results import Track, untracked
from eval.suites.sentiment import read_sentiments
from model.encoder.onnx_encoder import OnnxEncoder, find_encoder
from model.errors import ArtifactError, ConflictError, DataError, NotFoundError
from model.model_set import encoder_of, load_model_set
from serving.company.service import COMMAND_LINE
from serving.db.audit import Act, record_act
from serving.db.session import Database
from serving.db.tables import RegressionCase
from serving.settings import Settings
from training.datasets.training_data import remembered_folder
from training.encoder.export import ensure_encoder
from training.registry.locks import promoting
from training.registry.model_sets import CHALLENGER, put_into_service, settle_aliases, tag_set
from training.registry.registered_sets import RegisteredSet, list_sets

EXPERIMENT = "compare"
PREVIOUS_TAG = "previous_champion"
"""On a champion: the version it took the place of."""
_log = structlog.get_logger(__name__)


NO_COMPARISON = "no_comparison"
"""Stands for the gates where the champion cannot be loaded to compare with."""
LIFTABLE = frozenset({*GATE_NAMES, NO_COMPARISON})


@dataclass(frozen=True, slots=True)
class Override:
    """A person's decision to promote although these gates fail; any other one still stops it."""

    gates: frozenset[str]
    """Among `LIFTABLE`; that one of them passes is no fault."""
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Promotion:
    """What became of a wish to promote."""

    comparison: Comparison | None
    """`None` when the champion cannot be loaded, so that a person's word alone decided."""
    version: str
    number: int
    previous: str
    promoted: bool
    """False when a gate failed that nobody lifted; nothing was changed then."""
    failed: tuple[str, ...]
    """The gates that failed; `no_comparison` when there was none."""
    not_lifted: tuple[str, ...]
    """Those of them that stopped it."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """A champion taken out of service."""

    version: str
    """In service again."""
    replaced: str


def compare_sets(
    settings: Settings,
    version: str | None = None,
    *,
    data: Path | None = None,
    most_past: int,
    timing: Timing = Timing(),
    track: Track = untracked,
) -> Comparison:
    """The set of this version or number, by default the challenger, beside the champion; kept in MLflow.

    The held-out questions are those of `data`, a company folder, in `test/questions.jsonl`; without it
    of the company folder that the home was trained with, or none. The held-out conversations and messages
    are those of its `test/moods.jsonl` and `test/sentiment.jsonl`; where it has none the general ones, as in
    training.
    """
    challenger, champion = _challenger(settings.home, version), champion_version(settings.models_folder)
    old = _contender(settings, champion)
    new = _contender(settings, challenger.version, beside=old)
    return _compared(settings, old, new, data=data, most_past=most_past, timing=timing, track=track)


def promote(
    settings: Settings,
    version: str | None = None,
    *,
    override: Override | None = None,
    data: Path | None = None,
    most_past: int,
    timing: Timing = Timing(),
    track: Track = untracked,
) -> Promotion:
    """Compare, and put the set into service if no gate fails but those that `override` lifts.

    Who and why, when, what failed and what it replaces are written on its version in the registry and logged.
    A set that cannot be loaded is refused in any case; a champion that cannot be is replaced where
    `no_comparison` is lifted.
    Raises `ConflictError` while another promotion or rollback of the home runs.
    """
    with promoting(settings.models_folder):
        challenger, previous = _challenger(settings.home, version), champion_version(settings.models_folder)
        new = _contender(settings, challenger.version)
        comparison: Comparison | None = None
        try:
            old = _contender(settings, previous, beside=new)
            comparison = _compared(
                settings, old, new, data=data, most_past=most_past, timing=timing, track=track
            )
        except ArtifactError:
            if override is None or NO_COMPARISON not in override.gates:
                raise
        failed = tuple(gate.name for gate in comparison.failed) if comparison else (NO_COMPARISON,)
        lifted = override.gates if override else frozenset()
        not_lifted = tuple(name for name in failed if name not in lifted)
        if not not_lifted:
            tag_set(settings.home, challenger.number, _promotion_tags(previous, failed, override))
            put_into_service(settings.home, challenger.number, challenger.version)
            lifted_by = (
                f", although {', '.join(failed)} failed: {override.who}" if failed and override else ""
            )
            _write_down(settings, "promoted", f"{challenger.version} in place of {previous}{lifted_by}")
            if failed and override is not None:
                _log.warning("gates_lifted", model=challenger.version, gates=failed, who=override.who)
        return Promotion(
            comparison,
            challenger.version,
            challenger.number,
            previous,
            promoted=not not_lifted,
            failed=failed,
            not_lifted=not_lifted,
        )


def roll_back(settings: Settings) -> Rollback:
    """Put the champion before this one into service again.

    Raises `ConflictError` when none is known or a promotion runs, `ArtifactError` when it cannot be loaded
    any more.
    """
    with promoting(settings.models_folder):
        settle_aliases(settings.home)
        champion = champion_version(settings.models_folder)
        by_version = {candidate.version: candidate for candidate in list_sets(settings.home)}
        replaced = by_version.get(champion)
        previous = by_version.get(replaced.tags.get(PREVIOUS_TAG, "")) if replaced else None
        if replaced is None or previous is None:
            raise ConflictError(
                f"no registered model set is known that {champion} took the place of, so there is none to go "
                "back to; name one to promote: firstlast models list"
            )
        _contender(settings, previous.version)
        tag_set(settings.home, replaced.number, {"rolled_back_at": _moment()})
        put_into_service(settings.home, previous.number, previous.version)
        _write_down(settings, "rolled back", f"{champion} to {previous.version}")
        return Rollback(previous.version, champion)


def _compared(
    settings: Settings,
    champion: Contender,
    challenger: Contender,
    *,
    data: Path | None,
    most_past: int,
    timing: Timing,
    track: Track,
) -> Comparison:
    comparison = compare(
        settings,
        champion=champion,
        challenger=challenger,
        held_out=_held_out(settings, data),
        most_past=most_past,
        timing=timing,
        track=track,
    )
    gates = [gate for gate in comparison.gates if gate.outcome != "skipped"]
    metrics: dict[str, Any] = {  # JSON
        **comparison.figures,
        "flips": comparison.flips.figures,
        "gate_passed": {gate.name: gate.outcome == "passed" for gate in gates},
    }
    params = {"champion": comparison.champion, "challenger": comparison.challenger, "data": data or "default"}
    about = f"{comparison.challenger} beside {comparison.champion}"
    log_run(settings.home, EXPERIMENT, params=params, metrics=metrics, items=comparison.items, about=about)
    return comparison


def _challenger(home: Path, version: str | None) -> RegisteredSet:
    """The set asked for, or the one with the alias."""
    settle_aliases(home)
    for registered in list_sets(home):
        names = registered.aliases if version is None else (registered.version, str(registered.number))
        if (CHALLENGER if version is None else version) in names:
            break
    else:
        if version is None:
            raise NotFoundError("there is no challenger; train one: firstlast train heads")
        raise NotFoundError(f"no model set {version!r}; see: firstlast models list")
    if registered.in_service:
        raise ConflictError(f"model set {registered.version} is the champion already; name another one")
    return registered


def _contender(settings: Settings, version: str, *, beside: Contender | None = None) -> Contender:
    """The set from its folder, with its encoder, which is shared where the set `beside` it has the same.

    Raises `ArtifactError` when servers could not load it either.
    """
    folder = settings.models_folder / version
    fingerprint = encoder_of(folder)
    models = load_model_set(folder, encoder_fingerprint=fingerprint)
    if beside is not None and beside.encoder.fingerprint == fingerprint:
        return Contender(models, folder_bytes(folder), beside.encoder, beside.encoder_bytes)
    ensure_encoder(settings.encoder_folder, settings.encoder)
    place = find_encoder(settings.models_folder, fingerprint)
    encoder = OnnxEncoder.load(place, threads=settings.encoder_threads)
    return Contender(models, folder_bytes(folder), encoder, folder_bytes(place))


def replace_starting_set(settings: Settings, registered: RegisteredSet) -> RegisteredSet:
    """The first set that knows the company's intents, put into service in place of one that knows none.

    Without it a company's messages would find no team until somebody promotes. It stays the challenger, and
    `promote` decides, once the home has a regression case that it could break.
    """
    if registered.in_service:
        return registered
    with promoting(settings.models_folder):
        champion = champion_version(settings.models_folder)
        intents = _contender(settings, champion).models.intents
        with open_store(settings) as session:
            taught = session.scalar(select(RegressionCase.id).limit(1)) is not None
        if intents or taught:
            return registered
        put_into_service(settings.home, registered.number, registered.version)
        tag_set(settings.home, registered.number, _promotion_tags(champion, (), None))
        _write_down(
            settings, "promoted", f"{registered.version} in place of {champion}, the first with intents"
        )
    return next(candidate for candidate in list_sets(settings.home) if candidate.number == registered.number)


def _write_down(settings: Settings, what: str, sets: str) -> None:
    """Put the deed into the audit log, once the pointer has moved: servers follow it and not the log."""
    with closing(Database(settings.database_url)) as database:
        database.migrate()
        with database.session() as session:
            record_act(session, Act(COMMAND_LINE, what, f"model set {sets}"))


def _held_out(settings: Settings, data: Path | None) -> HeldOut:
    folder = data or remembered_folder(settings)
    path = folder / "test" / "questions.jsonl" if folder else None
    has_questions = path is not None and path.is_file()
    if data is not None and not has_questions:
        raise DataError(f"{path} does not exist; put questions there that no model set was trained on")
    questions = read_labelled_questions(path) if path is not None and has_questions else ()
    moods, sentiments = (own_or_general(folder, f"test/{name}.jsonl") for name in ("moods", "sentiment"))
    return HeldOut(questions, read_mood_conversations(moods), read_sentiments(sentiments))


def _promotion_tags(previous: str, failed: Sequence[str], override: Override | None) -> dict[str, str]:
    return {
        PREVIOUS_TAG: previous,
        "promoted_at": _moment(),
        "failed_gates": ", ".join(failed),
        "promoted_by": override.who if override and failed else "",
        "promoted_why": override.why if override and failed else "",
    }


def _moment() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
