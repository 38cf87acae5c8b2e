"""The server as people run it: a process on a home folder, which may be killed and started again."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

_READY = re.compile(r"is ready at (http://\S+)")
_READY_SECONDS = 600.0
"""When it is given up; a busy machine may need minutes for its first index."""


class ServerProcess:
    """One `firstlast serve`; it stays on the port that it was given at its first start."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.address = ""
        self._port = 0
        self._output = home.parent / "server-output.txt"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process, which must be running."""
        return self._running().pid

    def start(self) -> float:
        """Run it; the seconds until it said that it is ready and was."""
        command = [sys.executable, "-m", "firstlast", "serve", "--home", str(self.home)]
        environment = {name: value for name, value in os.environ.items() if "FIRSTLAST" not in name}
        started = time.perf_counter()
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--port", str(self._port)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
            )
        self.address = self._wait_until_ready(started)
        self._port = int(self.address.rpartition(":")[2])
        ready = httpx.get(f"{self.address}/readyz")
        assert ready.status_code == 200, ready.text
        return time.perf_counter() - started

    def kill(self) -> None:
        """Take it away at once, as a crash of the machine does."""
        process = self._running()
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)

    def interrupt(self) -> tuple[int, float]:
        """Press Ctrl-C; the exit status and the seconds until it came."""
        process = self._running()
        pressed = time.perf_counter()
        process.send_signal(signal.SIGINT)
        return process.wait(timeout=30), time.perf_counter() - pressed

    def stop(self) -> None:
        """Leave no process behind."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def said(self) -> str:
        """Everything that it wrote to the terminal since its start."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    def memory_mb(self) -> float:
        """Resident memory now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) / 1024

    def _wait_until_ready(self, started: float) -> str:
        while time.perf_counter() - started < _READY_SECONDS:
            said = self.said()
            if found := _READY.search(said):
                return found[1]
            assert self._running().poll() is None, f"the server ended before it was ready:\n{said}"
            time.sleep(0.02)
        raise AssertionError(f"the server was not ready after {_READY_SECONDS} s:\n{said}")

    def _running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "the server was never started"
        return self._process
