"""A store in which something has moved."""

from datetime import timedelta

import pytest

from serving.db.tables import now
from serving.runtime.assembly import Runtime
from tests.serving.drift.history import Teller, at


@pytest.fixture(scope="module")
def drifting(runtime: Runtime) -> Runtime:
    """Two months in which the last 16 days bring a new topic, up to yesterday."""
    teller = Teller(runtime.database)
    today = now().date()
    for back in range(1, 57):
        for i in range(6):
            unfit = back <= 16 and i < 3
            teller.conversation({"intent": None} if unfit else {}, at=at(today - timedelta(days=back), i))
    return runtime
