"""The house keeps its plan: who may import whom, how long things are, and what stays out of reach."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pathdex.judge import checks

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pathdex"
MODULES = sorted(PACKAGE.rglob("*.py"))

FLOORS: list[set[str]] = [
    # 1: knows nothing of the catalog
    {"files", "hindrance", "kept", "once", "plugins", "problems", "streaming", "text", "tokens", "tolerance"},
    # 2: what an entry may say, how a file is read, networks and what they are made of
    {"layers"},
    {"schema", "reading", "architectures"},
    # 3: the catalog, read and linked
    {"faults", "tables"},
    {"catalog"},
    # 4: catalog to text, recipe to module, and the world outside
    {"measuring", "relations", "sources", "weights"},
    {"loaders", "writing"},
    {"filling", "outputs", "publications", "released"},
    {"obtaining"},
    {"answering", "generating"},
    {"encoding"},
    {"rungs"},
    # 5: claims held against facts
    {"checks", "judge"},
    # 6: writes files, measures
    {"build", "verify", "contribute"},
    {"nightly", "renewal", "site"},
    {"serving"},
    # 7: the door
    {"commands"},
    {"__main__"},
]
"""Lower rooms first; a room imports only from sets above it in this list."""

REGISTRIES = ("architectures", "checks", "commands", "loaders", "outputs", "rungs", "sources")
"""Folders whose modules are found by name and do not know each other."""

HEAVY = {
    "torch",
    "timm",
    "transformers",
    "diffusers",
    "open_clip",
    "safetensors",
    "huggingface_hub",
    "mkdocs",
    "properdocs",
    "pagefind",
    "PIL",
    "requests",
    "numpy",
}
BLOCKED = "import sys; sys.modules.update(dict.fromkeys({names!r})); from pathdex.commands import main; sys.exit(main({call!r}))"


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _place(file: Path) -> tuple[str, ...]:
    """A module as its parts below pathdex: ("checks", "papers"), ("text",), () for the package itself."""
    return tuple(part for part in file.relative_to(PACKAGE).with_suffix("").parts if part != "__init__")


def _imported(tree: ast.AST) -> Iterator[tuple[str, ...]]:
    """The places in pathdex that a module imports from, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(name.name.split(".")[1:]) for name in node.names if name.name.split(".")[0] == "pathdex")
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"line {node.lineno}: write the import in full"
            parts = tuple((node.module or "").split("."))
            if parts[0] == "pathdex":
                yield from ((*parts[1:], name.name) for name in node.names)


def _floor(room: str) -> int:
    """The floor of a room, from 0; -1 for what the package itself holds, such as its version."""
    return next((number for number, rooms in enumerate(FLOORS) if room in rooms), -1)


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _immediate(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when the module is imported."""
    for node in ast.iter_child_nodes(tree):
        guarded = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if not guarded and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
            yield from _immediate(node)


every_module = pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(PACKAGE).as_posix())


def test_every_room_has_a_floor() -> None:
    rooms = {place[0] for place in map(_place, MODULES) if place}
    assert sorted(room for room in rooms if _floor(room) < 0) == [], "give it a floor in FLOORS"


@every_module
def test_a_room_imports_only_from_below(file: Path) -> None:
    place = _place(file) or ("commands",)
    above = {
        ".".join(target)
        for target in _imported(_tree(file))
        if target and target[0] != place[0] and _floor(target[0]) >= _floor(place[0])
    }
    assert above == set()


@pytest.mark.parametrize("folder", REGISTRIES)
def test_siblings_do_not_know_each_other(folder: str) -> None:
    names = {file.stem for file in (PACKAGE / folder).glob("*.py")} - {"__init__"}
    known = {
        f"{file.stem} -> {target[1]}"
        for file in (PACKAGE / folder).glob("*.py")
        for target in _imported(_tree(file))
        if target[:1] == (folder,) and len(target) > 1 and target[1] in names - {file.stem}
    }
    assert known == set()


@every_module
def test_a_module_says_first_what_it_is_for(file: Path) -> None:
    first, *rest = (ast.get_docstring(_tree(file)) or "").splitlines() or [""]
    assert re.fullmatch(r".{15,}\.", first), "a sentence on one line"
    assert not rest or not rest[0], "then a blank line"


@every_module
def test_modules_and_functions_stay_short(file: Path) -> None:
    tree = _tree(file)
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 300
    assert [f"{one.name}: {_lines(one)} lines" for one in _functions(tree) if _lines(one) > 40] == []


def test_functions_are_about_ten_lines() -> None:
    lengths = sorted(_lines(one) for file in MODULES for one in _functions(_tree(file)))
    assert lengths[len(lengths) // 2] <= 10


@every_module
def test_nothing_heavy_is_imported_before_it_is_needed(file: Path) -> None:
    found = set()
    for node in _immediate(_tree(file)):
        names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found |= {name.split(".")[0] for name in names} & HEAVY
    assert found <= ({"torch"} if _place(file)[:1] in (("architectures",), ("layers",)) else set())


@every_module
def test_public_functions_say_what_holds(file: Path) -> None:
    tree = _tree(file)
    public = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")]
    assert [node.name for node in public if not ast.get_docstring(node)] == []


def test_importing_pathdex_is_quick_and_brings_nothing_heavy() -> None:
    code = (
        "import sys, time; start = time.perf_counter(); import pathdex; spent = time.perf_counter() - start\n"
        f"print(spent < 1.0, sorted({HEAVY!r}.intersection(sys.modules)), 'pydantic' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "True [] False\n"


@pytest.mark.parametrize(
    "call", [["check", "--today", "2026-06-01"], ["build"], ["show", "tiny"], ["cite", "tiny"]], ids=" ".join
)
def test_what_needs_no_torch_runs_without(call: list[str], toy_root: Path) -> None:
    (toy_root / "site").symlink_to(ROOT / "site")
    code = BLOCKED.format(names=["torch", "timm", "transformers", "huggingface_hub"], call=["--root", str(toy_root), *call])
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def test_no_program_lies_where_people_write() -> None:
    found = [file for folder in ("catalog", "schema", "site", "modelcards") for file in (ROOT / folder).rglob("*.py")]
    assert found == []


def test_every_check_has_an_example_that_trips_it() -> None:
    examples = "".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "tests").glob("test_check*.py")))
    assert [rule for rule in checks() if rule not in examples and f'"{rule.partition("/")[2]}"' not in examples] == []


def test_checking_reaches_for_neither_network_nor_clock() -> None:
    kept = {"reading", "faults", "catalog", "judge", "checks", "outputs", "schema", "writing"}
    forbidden = {"socket", "urllib.request", "http", "requests", "httpx", "time", "random", "subprocess", "os"}
    found = set()
    for file in MODULES:
        for node in ast.walk(_tree(file)) if _place(file)[:1] and _place(file)[0] in kept else ():
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {f"{file.name}: {name}" for name in names if {name, name.split(".")[0]} & forbidden}
    assert found == set()
