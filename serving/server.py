"""Runs the server until it is told to stop, and stops it cleanly; it does nothing else."""

import signal
from collections.abc import Callable
from functools import partial
from socket import socket
from types import FrameType

import uvicorn
from threadpoolctl import threadpool_limits

from serving.app import create_app
from serving.runtime.assembly import Runtime, open_runtime
from serving.settings import Settings

_GRACE_SECONDS = 5


Tell = Callable[[str], None]
"""Told the server's address."""


def run(settings: Settings, *, on_listening: Tell | None = None, on_ready: Tell | None = None) -> None:
    """Serve until SIGINT or SIGTERM, then end streams, finish requests, stop threads and keep the index.

    `on_listening` is called when the server accepts connections, `on_ready` once it can answer questions too.
    """
    serve(open_runtime(settings), on_listening=on_listening, on_ready=on_ready)


def serve(runtime: Runtime, *, on_listening: Tell | None = None, on_ready: Tell | None = None) -> None:
    """Serve what is opened already, loaded or not; see `run`."""
    config = uvicorn.Config(
        create_app(runtime),
        host=runtime.settings.host,
        port=runtime.settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        server_header=False,
    )
    try:
        with threadpool_limits(1):  # requests share the cores: threads of BLAS would wait for each other
            Server(config, runtime, on_listening=on_listening, on_ready=on_ready).run()
    finally:
        runtime.stop()


class Server(uvicorn.Server):
    """A server that ends its event streams when told to stop, for they never end by themselves."""

    def __init__(
        self,
        config: uvicorn.Config,
        runtime: Runtime,
        *,
        on_listening: Tell | None = None,
        on_ready: Tell | None = None,
    ) -> None:
        super().__init__(config)
        self._runtime = runtime
        self._on_listening = on_listening
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if not self.started:
            return
        if self._on_listening is not None:
            self._on_listening(self._address())
        if self._on_ready is not None:
            self._runtime.when_ready(partial(self._on_ready, self._address()))

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End the streams, then everything else."""
        self._runtime.feed.end_streams()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Stop, at the second SIGINT without waiting; the signal is not raised again afterwards."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True

    def _address(self) -> str:
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
