"""Makes a home folder ready to serve: settings file, encoder, store, knowledge, models; serves nothing."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from knowledge import DEMO_FOLDER
from knowledge.importing.source import read_source
from model.errors import DataError
from model.model_set import read_pointer
from serving.company.accounts import create_agent
from serving.company.file import Company, read_company
from serving.company.service import apply_company
from serving.db.session import Database
from serving.db.tables import Agent, Article, Team
from serving.settings import Settings
from serving.transfer.article_import import import_source
from training.encoder.export import ensure_encoder

DEMO_SOURCE = "sample company"
_DEMO_AGENTS = (
    ("admin@tuckleaf.example", "Ada Wren", "admin", None),
    ("agent@tuckleaf.example", "Theo Marsh", "agent", "devices"),
)
_LOGINS = "demo-logins.txt"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Login:
    """An account that the sample company starts with."""

    email: str
    password: str
    role: str


def prepare_home(settings: Settings, *, progress: Progress) -> None:
    """Settings file, encoder, store and a first model set; what is there already stays."""
    _write_settings(settings, company_name=None)
    _prepare_store_and_encoder(settings, progress)
    if read_pointer(settings.models_folder) is None:
        from training.datasets.training_data import general_data
        from training.pipeline import train_and_register  # heavy, and needed once only

        train_and_register(settings, general_data(), seed=0, progress=progress)


def prepare_demo(settings: Settings, *, progress: Progress) -> list[Login]:
    """The home of the sample company: its teams, articles, learned answers, agents and models.

    What is there already stays. Raises `DataError` when the home belongs to another company.
    """
    company = read_company(DEMO_FOLDER)
    _write_settings(settings, company_name=company.name)
    _prepare_store_and_encoder(settings, progress)
    database = Database(settings.database_url)
    try:
        with database.session() as session:
            _refuse_other_company(session, company, settings.home)
            apply_company(session, company)
            if not _count(session, Article):
                progress("importing the sample company's knowledge")
                _import_demo(session)
            logins = _demo_logins(session, settings.home)
    finally:
        database.close()
    if read_pointer(settings.models_folder) is None:
        from training.datasets.training_data import company_data
        from training.pipeline import train_and_register  # heavy, and needed once only

        train_and_register(settings, company_data(DEMO_FOLDER), seed=0, progress=progress)
    return logins


def _prepare_store_and_encoder(settings: Settings, progress: Progress) -> None:
    progress("preparing the encoder")
    ensure_encoder(settings.encoder_folder)
    progress("preparing the store")
    database = Database(settings.database_url)
    database.migrate()
    database.close()


def _write_settings(settings: Settings, *, company_name: str | None) -> None:
    path = settings.home / "firstlast.toml"
    settings.home.mkdir(parents=True, exist_ok=True)
    if path.exists():
        return
    lines = ["# Settings of this home; every key is described in serving/README.md.", ""]
    lines.append(f'company_name = "{company_name}"' if company_name else '# company_name = "Our team"')
    lines += ["# risk_budget = 0.02", ""]
    path.write_text("\n".join(lines), encoding="utf-8")


def _refuse_other_company(session: Session, company: Company, home: Path) -> None:
    foreign = session.scalars(select(Article.source).where(Article.source != "console")).first()
    if foreign is not None and not foreign.startswith(DEMO_SOURCE) and not _has_teams(session, company):
        raise DataError(
            f"{home} holds the knowledge of another company ({foreign}); "
            "start the demo in an empty folder, or with --home FOLDER"
        )


def _has_teams(session: Session, company: Company) -> bool:
    return all(session.get(Team, team.name) is not None for team in company.teams)


def _import_demo(session: Session) -> None:
    articles = read_source(DEMO_FOLDER / "articles", flat_slugs=True)
    learned = read_source(DEMO_FOLDER / "learned_answers.jsonl")
    for name, result in (("articles", articles), ("learned answers", learned)):
        report = import_source(session, result, source=f"{DEMO_SOURCE}: {name}")
        if report.refusals:
            first = report.refusals[0]
            raise DataError(
                f"the sample company is damaged: {first.path}: {first.reason}; reinstall firstlast"
            )


def _demo_logins(session: Session, home: Path) -> list[Login]:
    """The demo's accounts, made on first use, with passwords kept in the home folder."""
    path = home / _LOGINS
    if path.exists():
        rows = [line.split(" ") for line in path.read_text(encoding="utf-8").splitlines() if line]
        return [Login(*row) for row in rows]
    logins = []
    for email, name, role, team in _DEMO_AGENTS:
        login = Login(email, secrets.token_urlsafe(9), role)
        create_agent(session, email=email, name=name, password=login.password, role=role, team=team)
        logins.append(login)
    path.touch(mode=0o600)
    path.write_text("".join(f"{one.email} {one.password} {one.role}\n" for one in logins), encoding="utf-8")
    return logins


def _count(session: Session, table: type[Agent] | type[Article]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0
