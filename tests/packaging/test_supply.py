"""What the program is made of may be used, and is listed."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import supply  # noqa: E402


def test_every_licence_is_known_and_allows_commercial_use() -> None:
    found = supply.packages(for_developers=True)
    assert {one.name: (one.licence, one.problem) for one in found if one.problem} == {}
    assert {"fastapi", "torch", "pyotp", "pytest", "starlette"} <= {one.name.lower() for one in found}


@pytest.mark.parametrize(
    ("licence", "problem"),
    [
        ("MIT", ""),
        ("Apache-2.0 OR BSD-3-Clause", ""),
        ("LGPL-3.0-only", ""),
        ("GNU Lesser General Public License v2 or later (LGPLv2+)", ""),
        ("", "its licence is not known"),
        ("Proprietary", "its licence is none of those that are known to be free"),
        ("CC-BY-NC-4.0", "its licence forbids what firstlast is used for"),
        ("MIT with Commons Clause", "its licence forbids what firstlast is used for"),
        ("AGPL-3.0-or-later", "its licence forbids what firstlast is used for"),
        ("GPL-3.0-only", "its licence forbids what firstlast is used for"),
        ("GNU General Public License v3 (GPLv3)", "its licence forbids what firstlast is used for"),
        ("BUSL-1.1 (Business Source License)", "its licence forbids what firstlast is used for"),
    ],
)
def test_a_licence_that_forbids_or_is_not_known_is_named(licence: str, problem: str) -> None:
    assert supply.Package("x", "1", licence).problem == problem


def test_the_bill_names_all_that_runs_and_is_the_same_each_time() -> None:
    written = supply.sbom("1.2.3")
    bill = json.loads(written)
    assert written == supply.sbom("1.2.3")
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["purl"] == "pkg:pypi/firstlast@1.2.3"
    names = {one["name"].lower() for one in bill["components"]}
    assert {"fastapi", "starlette", "pyotp", "cryptography", "torch"} <= names
    assert not {"pytest", "ruff", "schemathesis"} & names
    assert all(one["purl"].startswith("pkg:pypi/") and one["licenses"] for one in bill["components"])
