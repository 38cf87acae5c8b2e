"""`python -m tests.attacks --home HOME` runs all attacks on a copy of a home and prints what share held."""

import argparse
import json
import logging
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from tests.attacks.attack import read_attacks
from tests.attacks.channels import run
from tests.attacks.home import AttackedHome, copied


def main() -> int:
    """1 when an attack did not hold; each of these is named with what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="A home with a model set in service.")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    attacks, write = read_attacks(), sys.stdout.write
    held: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        home = AttackedHome(copied(asked.home, Path(folder)))
        for attack in attacks:
            faults = run(home, attack)
            held[attack.enters] += not faults
            if faults:
                write(f"{attack} (to {attack.tries}): {'; '.join(faults)}\n")
        home.close()
    by_way = Counter(attack.enters for attack in attacks)
    for way, count in by_way.items():
        write(f"{way:<12} {held[way]:>4} of {count}\n")
    share = held.total() / len(attacks)
    write(json.dumps({"n": len(attacks), "held": held.total(), "share": round(share, 4)}) + "\n")
    return 0 if share == 1.0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
