"""What the documents say is so: their examples run, their entries validate, their commands exist."""

import argparse
import doctest
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pathdex import plugins
from pathdex.catalog import read_catalog
from pathdex.commands import main, parser
from pathdex.judge import judge
from pathdex.reading import Unreadable, parse

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ENTRIES = re.findall(r"`catalog/(\S+\.yaml)`:\n\n```yaml\n(.*?)```", CONTRIBUTING, re.DOTALL)
COMMANDS = plugins.names("pathdex.commands")
FORMS = [
    ("github-workflows", ".github/workflows/*.yml"),
    ("github-issue-forms", ".github/ISSUE_TEMPLATE/a*.yml"),
    ("github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
    ("dependabot", ".github/dependabot.yml"),
    ("citation-file-format", "CITATION.cff"),
]


def _findings(root: Path) -> list[str]:
    from datetime import date

    catalog, problems = read_catalog(root)
    return [str(problem) for problem in [*problems, *judge(catalog, date(2026, 12, 31))]]


@pytest.fixture
def contributed(tmp_path: Path) -> Path:
    """A catalog of nothing but the sections and the entries that CONTRIBUTING.md walks through."""
    (tmp_path / "catalog").mkdir()
    shutil.copy(ROOT / "catalog" / "taxonomy.yaml", tmp_path / "catalog")
    for file, text in ENTRIES:
        (tmp_path / "catalog" / file).parent.mkdir(exist_ok=True)
        (tmp_path / "catalog" / file).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_walk_through_gives_what_it_says(contributed: Path) -> None:
    assert [file for file, _ in ENTRIES] == ["papers/lovelace2026tiny.yaml", "models/tiny.yaml"]
    [finding] = _findings(contributed)
    assert finding in CONTRIBUTING


def test_a_forgotten_receipt_gives_what_it_says(contributed: Path) -> None:
    file = contributed / "catalog/papers/lovelace2026tiny.yaml"
    file.write_text(re.sub(r"  code:\n.*", "", file.read_text(), flags=re.DOTALL))
    assert next(line for line in _findings(contributed) if "/papers/" in line) in CONTRIBUTING


def test_the_example_of_the_site_gives_what_it_says(tmp_path: Path) -> None:
    page = (ROOT / "site/pages/contribute.md").read_text(encoding="utf-8")
    [entry] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    file = tmp_path / "catalog/papers/family2024word.yaml"
    file.parent.mkdir(parents=True)
    shutil.copy(ROOT / "catalog" / "taxonomy.yaml", tmp_path / "catalog")
    file.write_text(entry, encoding="utf-8")
    assert not _findings(tmp_path)
    file.write_text(entry.replace("venue, doi: https", "venue: https"), encoding="utf-8")
    [finding] = _findings(tmp_path)
    assert finding in page


def test_the_entries_link_to_their_schemas() -> None:
    for file, text in ENTRIES:
        kind = file.partition("/")[0].removesuffix("s")
        assert text.startswith(f"# yaml-language-server: $schema=../../schema/{kind}.schema.json\n")
        assert (ROOT / "schema" / f"{kind}.schema.json").is_file()


def test_each_trap_is_one_and_its_mend_is_none() -> None:
    rows = re.findall(r"^\| `(\w+): (.+?)` \| .+ \| (?:`\w+: (.+?)`|nothing.*) \|$", CONTRIBUTING, re.MULTILINE)
    assert len(rows) == 8
    for key, trap, mend in rows:
        try:
            read = parse(f"{key}: {trap}")[key]
        except Unreadable:
            read = None
        assert read is None or not isinstance(read, str) or read in ("350,000", "Apache 2.0"), trap
        assert not mend or parse(f"{key}: {mend}")[key] is not None


def test_the_example_in_python_is_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    [example] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    found = doctest.DocTestRunner().run(doctest.DocTestParser().get_doctest(example, {}, "README.md", "README.md", 0))
    assert (found.failed, found.attempted > 5) == (0, True)


def test_the_evidence_line_is_what_the_check_says(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "catalog", tmp_path / "catalog")
    file = tmp_path / "catalog/models/uni2-h.yaml"
    file.write_text(re.sub(r"reported: \S+", "reported: 632_000_000", file.read_text(), count=1))
    [line] = [line for line in _findings(tmp_path) if "models/uni2-h" in line and "[evidence/parameters-differ]" in line]
    shown = next(line for line in README.splitlines() if "[evidence/parameters-differ]" in line)
    assert re.sub(r":\d+:", ":", shown) == re.sub(r":\d+:", ":", line)


def _options(command: str) -> list[str]:
    """The long options of a command, and of the program itself for ""."""
    actions = parser()._actions
    if command:
        [commands] = [action for action in actions if isinstance(action, argparse._SubParsersAction)]
        actions = commands.choices[command]._actions
    return [option for action in actions for option in action.option_strings if option.startswith("--") and option != "--help"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_tells_its_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: pathdex {command}")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_and_option_is_documented(command: str) -> None:
    documents = [README, *(file.read_text(encoding="utf-8") for file in (ROOT / "site" / "pages").glob("**/*.md"))]
    lines = [line for text in documents for line in text.splitlines() if f"pathdex {command}".strip() in line or not command]
    assert lines, f"pathdex {command} is nowhere documented"
    assert [option for option in _options(command) if not any(option in line for line in lines)] == []


def test_every_command_in_the_documents_exists() -> None:
    named = re.findall(r"(?:`|bin/)pathdex ([a-z]+)\b", README + CONTRIBUTING)
    assert set(named) == set(COMMANDS)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)(?=`|\s+#)", README + CONTRIBUTING)) <= targets


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_link_to_a_file_leads_there(document: str) -> None:
    links = re.findall(r"\]\(((?!https?:)[^)#]+)", (ROOT / document).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_changelog_keeps_its_form() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    releases = [line for line in lines if line.startswith("## ")]
    assert releases[0] == "## [Unreleased]"
    assert all(re.fullmatch(r"## \[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", release) for release in releases[1:])
    kinds = {line[4:] for line in lines if line.startswith("### ")}
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_both_licences_are_said_plainly() -> None:
    assert "[MIT licence](LICENSE)" in README
    assert "[CC BY 4.0](LICENSE-DATA)" in README
    assert "SPDX-License-Identifier: CC-BY-4.0" in (ROOT / "LICENSE-DATA").read_text()


@pytest.mark.parametrize(("schema", "files"), FORMS, ids=[schema for schema, _ in FORMS])
def test_what_github_reads_is_valid(schema: str, files: str) -> None:
    found = sorted(map(str, ROOT.glob(files)))
    assert found
    told = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *found],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("file", sorted(ROOT.glob(".github/workflows/*.yml")), ids=lambda file: file.name)
def test_a_workflow_is_safe(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}, "each job asks for what it needs"
    assert "pull_request_target" not in text
    for used in re.findall(r"uses: (.*)", text):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")


def test_versions_are_pinned_without_addresses() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.!+]+", line)] == []
