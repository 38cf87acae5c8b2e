"""Sends many generated requests of every operation to a server on each kind of store, as all who may ask.

As anonymous, customer, agent and admin; prints how many of each and how they were answered, and ends with 1
when one was answered otherwise than the schema says: by a server error, or by a status, a content type or a
body that it does not name.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEST = "tests/serving/test_generated_requests.py"


def main() -> int:
    """The exit status of the test with so many examples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=50, help="Of each operation and identity [50].")
    asked = parser.parse_args()
    environment = {**os.environ, "API_EXAMPLES": str(asked.examples)}
    command = [sys.executable, "-m", "pytest", "-q", "-s", TEST]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
