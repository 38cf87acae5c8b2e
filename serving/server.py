"""Runs the server until it is told to stop, and stops it cleanly; it does nothing else."""

import signal
from collections.abc import Callable
from socket import socket
from types import FrameType

import uvicorn
from threadpoolctl import threadpool_limits

from serving.app import create_app
from serving.runtime.assembly import Runtime, build_runtime
from serving.settings import Settings

_GRACE_SECONDS = 5


def run(settings: Settings, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM, then end streams, finish requests, stop threads and keep the index.

    `on_ready` is called once with the server's address when it accepts connections.
    """
    serve(build_runtime(settings), on_ready=on_ready)


def serve(runtime: Runtime, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve what is built already; see `run`."""
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
            Server(config, runtime, on_ready=on_ready).run()
    finally:
        runtime.stop()


class Server(uvicorn.Server):
    """A server that ends its event streams when told to stop, for they never end by themselves."""

    def __init__(
        self, config: uvicorn.Config, runtime: Runtime, *, on_ready: Callable[[str], None] | None = None
    ) -> None:
        super().__init__(config)
        self._runtime = runtime
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self._on_ready is not None and self.started:
            self._on_ready(self._address())

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
