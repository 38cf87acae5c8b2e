"""Notes to a webhook on what became of a model set, for those commands that a schedule runs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serving.command_line import messages

if TYPE_CHECKING:
    from serving.settings import Settings

NotifyOption = Annotated[
    str | None,
    typer.Option(
        "--notify",
        metavar="URL",
        help="Post a signed note there when a set is promoted or refused, or the run fails.",
    ),
]


class Notes:
    """Sends notes of one topic, signed with the home's secret; none where nobody asked for them."""

    def __init__(self, settings: "Settings", url: str | None, topic: str) -> None:
        """Raises `ConfigurationError` for an address or a secret that cannot be used, before any work."""
        from serving.webhooks import check_address, secret_bytes

        self._url = url
        self._topic = topic
        self._secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
        if url is not None:
            check_address(url)
            secret_bytes(self._secret)

    def send(self, what: str, data: Mapping[str, Any]) -> Mapping[str, bool]:  # JSON
        """The note `<topic>.<what>`; gives `{"notified": …}`, or nothing where no note was asked for.

        Why it was not taken is told, and stops nothing.
        """
        from serving.webhooks import send_note

        if self._url is None:
            return {}
        problem = send_note(self._url, self._secret, f"{self._topic}.{what}", data)
        if problem is not None:
            messages.print(f"warning: the note was not taken: {problem}", style="yellow", markup=False)
        return {"notified": problem is None}

    @contextmanager
    def on_failure(self) -> Iterator[None]:
        """Send a note when what is done meanwhile fails."""
        from training.retraining import problem_words

        try:
            yield
        except Exception as error:
            self.send("failed", {"problem": problem_words(error)})
            raise
