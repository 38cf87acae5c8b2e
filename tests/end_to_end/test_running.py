"""How the server starts, stops and what it needs, as a process."""

import pytest

from tests.end_to_end.people import signed_in_client
from tests.end_to_end.server_process import ServerProcess

pytestmark = pytest.mark.timeout(900)  # the home that all share may have to be trained first

QUESTIONS = (
    "How do I redeem a gift card?",
    "where is my box",
    "the lamp stays dark",
    "can I talk to a person",
    "hello",
)


def test_the_server_is_ready_soon_small_and_ends_at_ctrl_c_while_people_are_connected(
    server: ServerProcess,
) -> None:
    server.start()
    server.interrupt()
    seconds = server.start()
    print(f"ready after {seconds:.2f} s at the second start")  # noqa: T201
    assert seconds < 60

    with signed_in_client(server.address, server.home) as client:
        for question in QUESTIONS * 4:
            client.post("/v1/ask", json={"question": question}).raise_for_status()
        memory = server.memory_mb()
        print(f"{memory:.0f} MB after warm-up")  # noqa: T201
        assert memory < 600

        with client.stream("GET", "/v1/inbox/events") as stream:
            assert stream.status_code == 200
            status, seconds = server.interrupt()
    print(f"ended {seconds:.2f} s after Ctrl-C")  # noqa: T201
    assert status == 0
    assert seconds < 60
