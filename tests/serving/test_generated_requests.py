"""No request that the schema allows, or nearly allows, breaks the server or the schema's word."""

import os
import sys

import pytest
from fastapi.testclient import TestClient

from serving.runtime.assembly import Runtime
from tests.serving.generated_requests import IDENTITIES, send_all
from tests.stores import fresh_postgres_url, sqlite_url

EXAMPLES = int(os.environ.get("API_EXAMPLES", "2"))
"""Of each operation; `scripts/fuzz_api.py` sends many more, to both kinds of store."""
STORES = ("sqlite", "postgresql") if "API_EXAMPLES" in os.environ else ("sqlite",)


@pytest.fixture(scope="module", params=STORES)
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """SQLite alone where there is little time."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path_factory.mktemp("store"))
    return fresh_postgres_url()


@pytest.mark.timeout(7_200 if "API_EXAMPLES" in os.environ else 300)
def test_whatever_is_sent_by_whomever_is_answered_as_the_schema_says(
    client: TestClient, runtime: Runtime
) -> None:
    sent = send_all(client, runtime, client.app._app.openapi(), examples=EXAMPLES)
    sys.stdout.write("\n".join([*sent.lines(), ""]))
    assert sent.broken == []
    assert all(sent.statuses[who].total() > 100 for who in IDENTITIES)
    assert sum(200 <= status < 300 for status in sent.statuses["admin"].elements()) > 50
