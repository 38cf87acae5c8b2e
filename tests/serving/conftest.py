"""A server around small real parts with a store for each module, and stores for each test, of both kinds."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from model.encoder.onnx_encoder import OnnxEncoder
from serving.app import create_app
from serving.db.session import Database
from serving.db.tables import Intent, Team
from serving.runtime.assembly import Runtime, build_runtime
from serving.security import passwords
from serving.settings import Settings
from tests.serving.parts import IDENTITY_SECRET, AgentAtWork, Customer, DeclaredResponses, LiveServer
from tests.serving.rules import HashReader, RuleResolver
from tests.serving.stand import Stand
from tests.stores import fresh_postgres_url, sqlite_url


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Hashes that take a millisecond: what is tested is not how slow they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path_factory.mktemp("store"))
    return fresh_postgres_url()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Path:
    """A folder of its own for each kind of store."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def settings(home: Path, database_url: str) -> Settings:
    return Settings(
        home=home,
        database_url=database_url,
        secret_key="a secret key for tests, 32 or more",
        identity_secret=IDENTITY_SECRET,
        burst_milliseconds=0,
        port=0,
        allowed_origins="https://shop.example",
        login_attempts=3,
        limit_conversations="",  # a customer of a test does within seconds what others do in a day
        limit_messages="",
        limit_ask="",
    )


@pytest.fixture(scope="module")
def resolver() -> RuleResolver:
    return RuleResolver()


@pytest.fixture(scope="module")
def runtime(settings: Settings, resolver: RuleResolver) -> Iterator[Runtime]:
    runtime = build_runtime(settings, encoder=HashReader(), resolver=resolver)
    with runtime.database.session() as session:
        session.add(Team(name="billing", title="Billing", expected_wait_minutes=10))
        session.flush()
        session.add(Intent(name="refund_policy", title="Refund policy", team="billing"))
    yield runtime
    runtime.stop()


@pytest.fixture(scope="module")
def client(runtime: Runtime) -> Iterator[TestClient]:
    """The application without its threads: tests run the worker when they want it to."""
    app = create_app(runtime)
    app.router.lifespan_context = _nothing_started
    watched = DeclaredResponses(app)
    with TestClient(watched, raise_server_exceptions=False) as client:
        yield client
    assert watched.undeclared == set()


@asynccontextmanager
async def _nothing_started(_app: object) -> AsyncIterator[None]:
    yield


@pytest.fixture
def customer(client: TestClient) -> Customer:
    return Customer(client)


@pytest.fixture(scope="module")
def agent(client: TestClient, runtime: Runtime) -> AgentAtWork:
    return AgentAtWork(client, runtime)


@pytest.fixture(scope="module")
def live(settings: Settings) -> Iterator[LiveServer]:
    """A server of its own on a free port, with all its threads."""
    runtime = build_runtime(settings, encoder=HashReader(), resolver=RuleResolver())
    with LiveServer(runtime) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite store to copy."""
    folder = tmp_path_factory.mktemp("migrated")
    database = Database(sqlite_url(folder))
    database.migrate()
    database.close()
    return folder / "firstlast.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, migrated_file: Path) -> Iterator[Database]:
    """An empty store, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        shutil.copy(migrated_file, tmp_path / "firstlast.db")
        opened = Database(sqlite_url(tmp_path))
    else:
        opened = Database(fresh_postgres_url(), pool_size=5)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_database(tmp_path: Path, migrated_file: Path) -> Iterator[Database]:
    """An empty SQLite store, for what does not depend on the kind of store."""
    shutil.copy(migrated_file, tmp_path / "firstlast.db")
    opened = Database(sqlite_url(tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def stand(database: Database, encoder: OnnxEncoder, tmp_path: Path) -> Iterator[Stand]:
    """A store with an index that follows it and one agent."""
    made = Stand(database, encoder, tmp_path / "index")
    yield made
    made.close()
