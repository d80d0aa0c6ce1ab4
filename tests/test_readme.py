"""The README holds: its code runs, its commands exist, and nothing of the app is missing from it."""

import re
from pathlib import Path

import pytest

from tests.scripts import said_with_core

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def table_after(heading: str) -> dict[str, str]:
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", section, re.MULTILINE)
    return dict(rows)


def required(file: str) -> set[str]:
    lines = (PROJECT / file).read_text().split()
    return {re.split(r"[<>=]", line)[0] for line in lines if line[0].isalpha() and not line.endswith(".txt")}


@pytest.mark.slow
def test_python_example_runs(tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.+?)```", README, re.DOTALL)
    accuracy, prediction = said_with_core(code, tmp_path).split("\n", 1)
    assert float(accuracy) > 0.5
    assert prediction.startswith("('0', '1', '2'")


def test_every_page_is_described() -> None:
    navigation = (PROJECT / "pages" / "navigation.py").read_text()
    titles = set(re.findall(r'(?<!page_)title="(.+?)"', navigation))
    assert titles
    assert titles == set(table_after("What it does")) - {"page"}


def test_every_package_has_its_line() -> None:
    described = README.split("## What is where\n")[1].split("\n## ")[0]
    for folder in ("core", "pages"):
        for package in (PROJECT / folder).iterdir():
            if (package / "__init__.py").exists():
                assert f"`core/{package.name}`" in described or f"`{package.name}`" in described, package


def test_every_dependency_has_its_reason() -> None:
    named = set(table_after("Why these dependencies")) - {"package"}
    assert named == required("requirements.txt") | required("requirements-cluster.txt")
    last_line = README.strip().splitlines()[-1]
    assert set(re.findall(r"[a-z-]+", last_line.split(":")[1])) == required("requirements-dev.txt")


def test_commands_and_files_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)\b", README)) <= targets
    for path in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (PROJECT / path).is_file(), path
