"""Stores of both kinds, and small builders of conversations and knowledge."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from knowledge_stand import Stand

from model.encoder.onnx_encoder import OnnxEncoder
from serving.db.session import Database
from tests.stores import fresh_postgres_url, sqlite_url


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
