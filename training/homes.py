"""Makes a home folder ready to serve: settings file, encoder, store, company, models; it serves nothing."""

import json
import secrets
import shutil
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from knowledge import DEMO_FOLDER
from knowledge.documents import ImportResult
from knowledge.importing.source import read_source
from model.errors import ConflictError, DataError
from model.model_set import read_pointer
from serving.company.accounts import create_agent
from serving.company.file import Company, read_company
from serving.company.repository import read_profile
from serving.company.service import apply_company
from serving.db.session import Database
from serving.db.tables import Article
from serving.settings import DEFAULT_ENCODER, Settings, make_home
from serving.transfer.article_import import import_source
from training.encoder.export import ensure_encoder

_DEMO_SOURCE = "sample company"
_SETTINGS = "firstlast.toml"
_LOGINS = "demo-logins.txt"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Login:
    """An account that the sample company starts with."""

    email: str
    password: str
    role: str


def prepare_home(settings: Settings, *, company: Path | None = None, progress: Progress) -> None:
    """`firstlast init`: settings file, encoder, store and a first model set; what is there already stays.

    `company` is a company file to apply, or a company folder, on which the first model set is trained too.
    Raises `ConflictError` when the settings name another encoder than the home's.
    """
    if (settings.home / _SETTINGS).exists() and Settings.load(settings.home).encoder != settings.encoder:
        raise ConflictError(
            f"{settings.home} has its own encoder already; train on {settings.encoder} beside it: firstlast "
            f"train heads --encoder {settings.encoder}"
        )
    _make_home(settings, progress)
    if company is not None:
        apply_to_home(settings, read_company(company))
    train_first_models(settings, company if company and company.is_dir() else None, progress=progress)


def prepare_demo(settings: Settings, *, progress: Progress) -> list[Login]:
    """`firstlast init`, `company apply`, `import` and `train heads --data`, with the sample company's folder.

    Then come its storefront and its logins. What is there already stays. Raises `DataError` when the home
    belongs to another company.
    """
    _make_home(settings, progress)
    logins_file = settings.home / _LOGINS
    if not logins_file.exists():
        with _session(settings) as session:
            _refuse_other_company(session, settings.home)
            apply_company(session, read_company(DEMO_FOLDER / "company.toml"))
            progress("importing the sample company's knowledge")
            _import(session, "articles", read_source(DEMO_FOLDER / "articles", flat_slugs=True))
            _import(session, "learned answers", read_source(DEMO_FOLDER / "learned_answers.jsonl"))
            _add_agents(session, logins_file)
    if not settings.storefront_folder.exists():
        shutil.copytree(DEMO_FOLDER / "storefront", settings.storefront_folder)
    train_first_models(settings, DEMO_FOLDER, progress=progress)
    return [Login(*line.split(" ")) for line in logins_file.read_text(encoding="utf-8").splitlines() if line]


def apply_to_home(settings: Settings, company: Company) -> None:
    """Bring the home's teams and intents to what the company says, as `firstlast company apply` does."""
    with _session(settings) as session:
        apply_company(session, company)


def train_first_models(settings: Settings, folder: Path | None, *, progress: Progress) -> None:
    """Train on a company folder, or on the general data, unless the home has models; remember the folder."""
    from training.datasets.training_data import company_data, general_data, remember_folder, remembered_folder

    if folder is not None and remembered_folder(settings) is None:
        remember_folder(settings, folder)
    if read_pointer(settings.models_folder) is None:
        from training.pipeline import train_first_set  # heavy, and needed once only

        data = company_data(folder) if folder else general_data()
        train_first_set(settings, data, progress=progress)


def _make_home(settings: Settings, progress: Progress) -> None:
    make_home(settings.home)
    progress("preparing the encoder")
    ensure_encoder(settings.encoder_folder, settings.encoder)
    file = settings.home / _SETTINGS
    if not file.exists():
        own = "" if settings.encoder == DEFAULT_ENCODER else f"encoder = {json.dumps(settings.encoder)}\n"
        file.write_text(
            "# Settings of this home; every key is described in serving/README.md.\n\n# risk_budget = 0.02\n"
            f"{own}",
            encoding="utf-8",
        )
    progress("preparing the store")
    with closing(Database(settings.database_url)) as database:
        database.migrate()


@contextmanager
def _session(settings: Settings) -> Iterator[Session]:
    with closing(Database(settings.database_url)) as database:
        database.migrate()
        with database.session() as session:
            yield session


def _refuse_other_company(session: Session, home: Path) -> None:
    name, articles = read_profile(session).name, session.scalar(select(func.count()).select_from(Article))
    if name is not None or articles:
        raise DataError(
            f"{home} is the home of {name or f'another company with {articles} articles'}; "
            "start the demo in an empty folder, or with --home FOLDER"
        )


def _import(session: Session, name: str, result: ImportResult) -> None:
    report = import_source(session, result, source=f"{_DEMO_SOURCE}: {name}")
    if report.refusals:
        first = report.refusals[0]
        raise DataError(f"the sample company is damaged: {first.path}: {first.reason}; reinstall firstlast")


def _add_agents(session: Session, logins_file: Path) -> None:
    """The demo's accounts, with passwords kept in the home folder."""
    agents = tomllib.loads((DEMO_FOLDER / "agents.toml").read_text(encoding="utf-8"))["agents"]
    lines = []
    for agent in agents:
        password = secrets.token_urlsafe(9)
        create_agent(session, password=password, **agent)
        lines.append(f"{agent['email']} {password} {agent['role']}\n")
    logins_file.touch(mode=0o600)
    logins_file.write_text("".join(lines), encoding="utf-8")
