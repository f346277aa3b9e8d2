"""The source as trees: what import-linter cannot see, asked of every file. Each check names its findings."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"


@dataclass(frozen=True)
class File:
    """`name` is the module's, e.g. `billing_saas.remittances.posting`."""

    path: Path
    name: str

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def room(self) -> str:
        """The room, or for a file at the top of a package that package."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else parts[0]

    @property
    def stem(self) -> str:
        return self.path.stem

    @property
    def is_rules(self) -> bool:
        return self.stem == "rules" or self.stem.endswith("_rules")

    def at(self, node: ast.AST, what: str) -> str:
        return f"{self.name}:{getattr(node, 'lineno', 1)} {what}"


Check = Callable[[list[File]], list[str]]


@cache
def house() -> list[File]:
    """Every file of the product, read once."""
    return files(SOURCE)


def files(source: Path) -> list[File]:
    return [
        File(
            path, ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
        )
        for path in sorted(source.glob("billing_*/**/*.py"))
    ]


def nodes(file: File, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
    return (node for node in ast.walk(file.tree) if isinstance(node, kinds))


def called(node: ast.AST) -> str:
    """The dotted name of what a call calls, or empty."""
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else node.attr
    return ""


def imported(file: File) -> Iterator[tuple[ast.AST, str, str]]:
    """Each name that a file imports: the statement, the module, and the name (empty for a module)."""
    for node in nodes(file, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.ImportFrom):
            yield from ((node, node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((node, alias.name, "") for alias in node.names)


def classes(file: File) -> Iterator[tuple[ast.ClassDef, list[str]]]:
    """Each class and the names of its bases."""
    for node in nodes(file, ast.ClassDef):
        if isinstance(node, ast.ClassDef):
            yield node, [dotted(base).rpartition(".")[2] for base in node.bases]
