"""Runs the server until it is told to stop, and stops it cleanly; it does nothing else."""

import errno
import signal
from collections.abc import Callable
from functools import partial
from socket import SOCK_STREAM, create_server, getaddrinfo, socket
from types import FrameType

import uvicorn
from threadpoolctl import threadpool_limits

from model.errors import ConfigurationError
from serving.app import create_app
from serving.runtime.assembly import Runtime, open_runtime
from serving.settings import Settings
from serving.slow_clients import ImpatientProtocol

_GRACE_SECONDS = 5


Tell = Callable[[str], None]
"""Told the server's address."""


def run(settings: Settings, *, on_listening: Tell | None = None, on_ready: Tell | None = None) -> None:
    """Serve until SIGINT or SIGTERM, then end streams, finish requests, stop threads and keep the index.

    `on_listening` is called when the server accepts connections, `on_ready` once it can answer questions too.
    """
    serve(open_runtime(settings), on_listening=on_listening, on_ready=on_ready)


def serve(runtime: Runtime, *, on_listening: Tell | None = None, on_ready: Tell | None = None) -> None:
    """Serve what is opened already, loaded or not; see `run`.

    Raises `ConfigurationError` when the address cannot be listened on.
    """
    config = server_config(runtime)
    try:
        sockets = _listening_sockets(runtime.settings.host, runtime.settings.port)
        with threadpool_limits(1):  # requests share the cores: threads of BLAS would wait for each other
            Server(config, runtime, on_listening=on_listening, on_ready=on_ready).run(sockets)
    finally:
        runtime.stop()


def server_config(runtime: Runtime) -> uvicorn.Config:
    """How the server of these parts listens and reads."""
    return uvicorn.Config(
        create_app(runtime),
        host=runtime.settings.host,
        port=runtime.settings.port,
        http=ImpatientProtocol,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        server_header=False,
        proxy_headers=False,  # the application does, by `trusted_proxies`
    )


def _listening_sockets(host: str, port: int) -> list[socket]:
    """A socket for each address that the host's name stands for, all on one port.

    One that this machine does not have, such as `::1` without IPv6, is passed over if another is there.
    """
    sockets: list[socket] = []
    problem: OSError | None = None
    try:
        for family, _, _, _, address in dict.fromkeys(getaddrinfo(host, port, type=SOCK_STREAM)):
            chosen = sockets[0].getsockname()[1] if sockets else port
            try:
                sockets.append(create_server((address[0], chosen, *address[2:]), family=family))
            except OSError as error:
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    raise
                problem = error
        if not sockets:
            raise problem or OSError("no address")
    except OSError as error:
        for opened in sockets:
            opened.close()
        reason = (error.strerror or str(error)).lower().partition(" (while attempting")[0]
        raise ConfigurationError(
            f"cannot listen on {host} port {port} ({reason}); stop what listens there, or choose others with "
            "--host and --port"
        ) from error
    return sockets


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
