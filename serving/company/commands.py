"""`firstlast company …`, `firstlast agents …` and `firstlast keys …`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serving.command_line import HomeOption, JsonOption, bad_usage, emit, friendly_errors, opened_store

if TYPE_CHECKING:
    from serving.db.tables import Agent

company_app = typer.Typer(no_args_is_help=True, help="Look after the company: its name, teams and intents.")
agents_app = typer.Typer(no_args_is_help=True, help="Look after the people who answer.")
keys_app = typer.Typer(no_args_is_help=True, help="Look after the API keys of servers.")

EmailArgument = Annotated[str, typer.Argument(help="What the agent signs in with.")]
PasswordOption = Annotated[
    typer.FileText | None, typer.Option(help="File with the password (- for standard input).")
]


@company_app.command("new")
def new_company(
    folder: Annotated[Path, typer.Argument(help="Folder to make; it must not hold anything yet.")],
    as_json: JsonOption = False,
) -> None:
    """Write a company folder to begin with: a commented company.toml, and a row or two of each file."""
    from serving.company.file import write_skeleton

    with friendly_errors():
        written = write_skeleton(folder)
    emit(
        {"folder": str(folder), "files": written},
        as_json=as_json,
        text=lambda: (
            f"{folder} has {len(written)} files. Next: read {folder / 'README.md'}, put your rows in, then: "
            f"firstlast check {folder}"
        ),
    )


@company_app.command("show")
def show_company(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Print the company as TOML, which `company apply` reads back to the same."""
    from serving.company.file import as_toml
    from serving.company.service import read_stored_company

    with opened_store(home) as (session, settings):
        stored = read_stored_company(session, settings)
    emit(stored.model_dump(), as_json=as_json, text=lambda: as_toml(stored).rstrip("\n"))


@company_app.command("apply")
def apply_company(
    file: Annotated[Path, typer.Argument(help="Company file (TOML), or a folder with company.toml.")],
    prune: Annotated[
        bool,
        typer.Option(
            "--prune",
            help="Remove teams and intents that are not in the file; teams in use stay and are named.",
        ),
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring name, tagline, teams and intents to what FILE says; applying it again changes nothing."""
    from serving.company import service
    from serving.company.file import read_company

    with opened_store(home) as (session, _):
        report = asdict(service.apply_company(session, read_company(file), prune=prune))
    lines = [f"{key.replace('_', ' ')}: {', '.join(names)}" for key, names in report.items() if names]
    emit(report, as_json=as_json, text=lambda: "\n".join(lines) or "nothing changed")


@company_app.command("waiting")
def show_waiting(
    days: Annotated[int, typer.Option(min=1, max=365, help="How far to look back.")] = 30,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print how long customers of each team waited for a person, and how often the time told was kept."""
    from datetime import timedelta

    from serving.db.tables import now
    from serving.hours.service import waiting_report

    with opened_store(home) as (session, _):
        rows = [asdict(team) for team in waiting_report(session, now() - timedelta(days=days))]
    otherwise = f"nobody was handed over in {days} days"
    emit({"days": days, "teams": rows}, as_json=as_json, text=lambda: _table(rows, otherwise, titles=True))


@agents_app.command("add")
def add_agent(
    email: EmailArgument,
    role: Annotated[str, typer.Option(help="agent, editor, engineer or admin.")] = "agent",
    name: Annotated[str, typer.Option(help="Shown to customers.")] = "",
    team: Annotated[str | None, typer.Option(help="The team the agent belongs to.")] = None,
    password_file: PasswordOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add an agent. Without --password-file a password is made and printed once."""
    from serving.company.accounts import create_agent

    password, made = _password(password_file)
    with opened_store(home) as (session, _):
        agent = create_agent(
            session,
            email=email,
            name=name or email.partition("@")[0],
            password=password,
            role=role,
            team=team,
        )
        result = {"id": agent.id, "email": agent.email, "role": agent.role, "team": agent.team}
    emit(result | made, as_json=as_json)


@agents_app.command("list")
def list_agents(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List all agents with role, team and whether they are active."""
    from serving.company import repository

    with opened_store(home) as (session, _):
        rows = [_agent_json(agent) for agent in repository.list_agents(session)]
    emit(
        {"agents": rows}, as_json=as_json, text=lambda: _table(rows, "no agents; firstlast agents add EMAIL")
    )


@agents_app.command("deactivate")
def deactivate_agent(email: EmailArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Sign an agent out everywhere at once and let them in no more; what they wrote stays."""
    _set_active(email, home, active=False, as_json=as_json)


@agents_app.command("reactivate")
def reactivate_agent(email: EmailArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Let a deactivated agent sign in again."""
    _set_active(email, home, active=True, as_json=as_json)


@agents_app.command("reset-password")
def reset_password(
    email: EmailArgument,
    password_file: PasswordOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give an agent another password and sign them out everywhere; without a file one is made and printed."""
    from serving.company.accounts import agent_of_email, change_agent

    password, made = _password(password_file)
    with opened_store(home) as (session, _):
        agent = agent_of_email(session, email)
        change_agent(session, agent, {"password": password})
        result: dict[str, Any] = {"id": agent.id, "email": agent.email}  # JSON
    emit(result | made, as_json=as_json)


@agents_app.command("reset-link")
def make_reset_link(email: EmailArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Print a link by which an agent chooses a password once; earlier links of theirs end."""
    from serving.company import accounts

    with opened_store(home) as (session, settings):
        link = accounts.make_reset_link(session, settings, accounts.agent_of_email(session, email))
        server = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    emit({"link": server + link.path, "expires_at": link.expires_at.isoformat()}, as_json=as_json)


@agents_app.command("reset-second-factor")
def reset_second_factor(email: EmailArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Let an agent whose phone is lost sign in by password alone; all their sessions end."""
    from serving.agents.second_factor import take_away
    from serving.company.accounts import agent_of_email
    from serving.company.service import COMMAND_LINE

    with opened_store(home) as (session, _):
        agent = agent_of_email(session, email)
        result: dict[str, Any] = {"id": agent.id, "email": agent.email}  # JSON
        result["was_on"] = take_away(session, agent, author=COMMAND_LINE)
    emit(result, as_json=as_json)


@keys_app.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="Which server will use it.")],
    scopes: Annotated[
        list[str] | None, typer.Option("--scope", help="What it may do; repeatable, or with commas.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an API key and print it; it is shown this once, the store keeps only its SHA-256."""
    from serving.company.accounts import create_api_key

    wanted = [scope.strip() for listed in scopes or [] for scope in listed.split(",") if scope.strip()]
    with opened_store(home) as (session, _):
        made = create_api_key(session, name=name, scopes=wanted)
        result = {"id": made.key.id, "name": made.key.name, "scopes": made.key.scopes, "key": made.secret}
    emit(result, as_json=as_json)


@keys_app.command("list")
def list_keys(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List all API keys with their scopes, without their secrets."""
    from serving.company import repository
    from serving.company.schemas import KeyOut

    with opened_store(home) as (session, _):
        rows = [KeyOut.of(key).model_dump(mode="json") for key in repository.list_api_keys(session)]
    emit(
        {"keys": rows},
        as_json=as_json,
        text=lambda: _table(rows, "no keys; firstlast keys add NAME --scope ask"),
    )


@keys_app.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, from `keys list`.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """End an API key at once and for ever."""
    from serving.company.accounts import revoke_api_key
    from serving.company.schemas import KeyOut

    with opened_store(home) as (session, _):
        result = KeyOut.of(revoke_api_key(session, key_id)).model_dump(mode="json")
    emit(result, as_json=as_json)


def _set_active(email: str, home: Path | None, *, active: bool, as_json: bool) -> None:
    from serving.company.accounts import agent_of_email, change_agent

    with opened_store(home) as (session, _):
        agent = agent_of_email(session, email)
        change_agent(session, agent, {"active": active})
        result = _agent_json(agent)
    emit(result, as_json=as_json)


def _password(file: typer.FileText | None) -> tuple[str, dict[str, str]]:
    """The password of the file; without one a new password, and how it is told."""
    import secrets

    password = file.read().strip() if file else ""
    if file and not password:
        raise bad_usage("the password file is empty")
    made = secrets.token_urlsafe(12)
    return (password, {}) if password else (made, {"password": made})


def _agent_json(agent: "Agent") -> dict[str, Any]:  # JSON
    from serving.agents.schemas import AgentOut

    return AgentOut.of(agent).model_dump(exclude={"online"})


def _table(rows: list[dict[str, Any]], otherwise: str, *, titles: bool = False) -> str:  # JSON
    """A line a row, columns in line with each other, under their titles if asked for."""
    cells = [["-" if value in (None, "") else _cell(value) for value in row.values()] for row in rows]
    if titles and rows:
        cells.insert(0, [title.replace("_", " ") for title in rows[0]])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(line.rstrip() for line in lines) or otherwise


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "active" if value else "deactivated"
    return " ".join(value) if isinstance(value, list) else str(value)
