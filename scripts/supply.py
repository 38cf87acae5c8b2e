"""What the program is made of: licences of all that is installed with it, its SBOM, and known weaknesses.

python scripts/supply.py licences           a line each; ends with 1 for one that forbids or is not known
python scripts/supply.py sbom --out FILE    CycloneDX 1.6 (JSON) of the program and all that it runs on
python scripts/supply.py weaknesses         pip-audit on constraints.txt; 2 where its source is away
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROGRAM = "firstlast"
_FREE = re.compile(
    r"\b(?:MIT|MIT-CMU|BSD|[023]-clause|0BSD|BSD-[23]-Clause|Apache|Apache-2\.0|ISC|ISCL|PSF|PSF-2\.0|Python-2\.0|"
    r"Python Software Foundation|MPL|MPL-2\.0|Mozilla Public|LGPL|LGPL-[23]\.[01]\S*|Lesser General Public|"
    r"Unlicense|CC0|CC0-1\.0|Public Domain|zlib|Zlib|HPND|BlueOak|CNRI-Python|Boost|BSL-1\.0|"
    r"Modified BSD|New BSD|Artistic|MPL 2\.0|NVIDIA Proprietary)\b",
    re.IGNORECASE,
)
"""Licences that allow commercial use of the program with what they cover."""
_FORBIDDING = re.compile(
    r"non.?commercial|\bNC\b|CC-BY-NC|research only|evaluation only|\bAGPL|Affero|\bSSPL|Business Source|"
    r"Commons Clause|(?<![L\w])GPL(?!.*(?:exception|or |LGPL))",
    re.IGNORECASE,
)


_READ = {"docutils": "Public Domain AND BSD-2-Clause AND Python-2.0"}
"""Read by a person in the package's own licence file: its GPL part, an Emacs mode, is not in the wheel."""
_MIT_BEGINS = "Permission is hereby granted, free of charge"


@dataclass(frozen=True, slots=True)
class Package:
    """A package that is installed with the program."""

    name: str
    version: str
    licence: str
    """As its metadata tell it; empty where they tell nothing."""

    @property
    def problem(self) -> str:
        """Why it may not be used; empty where it may."""
        if not self.licence:
            return "its licence is not known"
        if _FORBIDDING.search(self.licence):
            return "its licence forbids what firstlast is used for"
        return "" if _FREE.search(self.licence) else "its licence is none of those that are known to be free"


def packages(*, for_developers: bool = False) -> list[Package]:
    """The program's own dependencies, theirs and so on, by name; those of developers too where wanted."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    own = [*project["dependencies"], *(project["optional-dependencies"]["dev"] if for_developers else ())]
    found: dict[str, Package] = {}
    waiting = list(_required(own, frozenset()))
    while waiting:
        name, extras = waiting.pop()
        try:
            installed = distribution(name)
        except PackageNotFoundError:  # for another system, or another version of Python
            continue
        if canonicalize_name(name) not in found or extras:
            waiting += [
                one
                for one in _required(installed.requires or (), extras)
                if canonicalize_name(one[0]) not in found
            ]
        told = Package(installed.metadata["Name"], installed.version, licence_of(installed))
        found[canonicalize_name(name)] = told
    return [found[key] for key in sorted(found)]


def licence_of(installed: Distribution) -> str:
    """The licence by expression, else by classifiers, else by the field, else by the licence's own text."""
    told = installed.metadata
    if canonicalize_name(told["Name"]) in _READ:
        return _READ[canonicalize_name(told["Name"])]
    if told.get("License-Expression"):
        return str(told["License-Expression"])
    named = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or [] if "License ::" in one]
    exact = [one for one in named if one != "OSI Approved"]
    if exact or told.get("License"):
        return " OR ".join(exact) or " ".join(str(told["License"]).split())[:80]
    texts = [path for path in installed.files or () if path.name.upper().startswith("LICENSE")]
    return "MIT" if any(_MIT_BEGINS in path.read_text() for path in texts) else ""


def sbom(program_version: str) -> str:
    """The bill of materials as JSON: alike for alike packages, without a time or a number of its own."""
    licences = LicenseFactory()
    bom = Bom()
    program = Component(
        type=ComponentType.APPLICATION,
        name=PROGRAM,
        version=program_version,
        licenses=[licences.make_from_string("Apache-2.0")],
        purl=PackageURL("pypi", name=PROGRAM, version=program_version),
        bom_ref=PROGRAM,
    )
    bom.metadata.component = program
    components = [
        Component(
            type=ComponentType.LIBRARY,
            name=one.name,
            version=one.version,
            licenses=[licences.make_from_string(one.licence)],
            purl=PackageURL("pypi", name=canonicalize_name(one.name), version=one.version),
            bom_ref=f"{canonicalize_name(one.name)}=={one.version}",
        )
        for one in packages()
    ]
    for component in components:
        bom.components.add(component)
    bom.register_dependency(program, components)
    written = json.loads(make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string())
    del written["serialNumber"], written["metadata"]["timestamp"]
    return json.dumps(written, indent=2, sort_keys=True)


def find_weaknesses() -> int:
    """1 where `pip-audit` knows a weakness of a pinned version; 2 where it could not ask about any."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(ROOT / "constraints.txt")]
    command += ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        listed = json.loads(done.stdout)["dependencies"]
    except ValueError:
        print(f"nothing was checked: {' '.join(done.stderr.split())[-300:]}")
        return 2
    asked = [one for one in listed if "skip_reason" not in one]
    print(f"{len(asked)} of {len(listed)} pinned versions were checked")
    if not asked:
        print("its source, the package index's list of weaknesses, could not be reached; check elsewhere")
        return 2
    weak = [(one, found) for one in asked for found in one["vulns"]]
    for one, found in weak:
        print(f"{one['name']} {one['version']}: {found['id']}, mended in {', '.join(found['fix_versions'])}")
    return 1 if weak else 0


def main() -> int:
    """What was asked for; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["licences", "sbom", "weaknesses"])
    parser.add_argument("--out", type=Path, default=Path("sbom.json"))
    asked = parser.parse_args()
    if asked.what == "weaknesses":
        return find_weaknesses()
    if asked.what == "sbom":
        asked.out.write_text(sbom(_version()) + "\n", encoding="utf-8")
        print(f"{asked.out}: {len(packages())} packages")
        return 0
    found = packages(for_developers=True)
    for one in found:
        print(f"{one.name:<34} {one.version:<16} {one.licence}{'  <- ' + one.problem if one.problem else ''}")
    return 1 if any(one.problem for one in found) else 0


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def _required(lines: Iterable[str], extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for line in lines:
        wanted = Requirement(line)
        marker = wanted.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield wanted.name, frozenset(wanted.extras)


if __name__ == "__main__":
    raise SystemExit(main())
