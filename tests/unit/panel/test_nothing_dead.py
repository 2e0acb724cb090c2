"""Every word and every style of the panel is used: what nobody shows misleads who reads it."""

import ast
import re
from pathlib import Path

import pytest

import gtc_panel
from gtc_panel import theme

PANEL = Path(gtc_panel.__file__).parent
BROWSER_TESTS = Path(__file__).parents[2] / "browser"
CODE = {path: path.read_text(encoding="utf-8") for path in PANEL.rglob("*.py")}
SCRIPTS = "\n".join(path.read_text(encoding="utf-8") for path in PANEL.rglob("*.js"))
FOREIGN = ("q-", "nicegui")
"""How classes begin that the page library makes."""


def names(module: str) -> list[str]:
    """What a module of words defines."""
    found = []
    for node in ast.parse(CODE[PANEL / f"{module}.py"]).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found += [each.id for at in targets if at for each in ast.walk(at) if hasattr(each, "id")]
        if isinstance(node, ast.FunctionDef):
            found.append(node.name)
    return found


@pytest.mark.parametrize("module", ["text", "control_text", "stage_text"])
def test_every_word_is_said_somewhere(module):
    own = CODE[PANEL / f"{module}.py"]
    others = "\n".join(text for path, text in CODE.items() if path.stem != module)
    dead = [
        name
        for name in names(module)
        if not re.search(rf"\b{module}\.{name}\b", others)
        and len(re.findall(rf"\b{name}\b", own)) == 1
    ]

    assert len(names(module)) > 10
    assert dead == []


def spoken(node: ast.expr) -> list[str]:
    """Patterns of the class names in a string: what is filled in or appended may be any."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        parts = [node.value]
    elif isinstance(node, ast.JoinedStr):
        parts = [each.value if isinstance(each, ast.Constant) else "\0" for each in node.values]
    else:
        return []
    tokens = "".join(parts).split()
    tokens = [f"{each}\0" if each.endswith("-") else each for each in tokens]
    spelled = [each for each in tokens if re.fullmatch(r"[\w\0-]*[a-z][\w\0-]*", each)]
    return [each.replace("\0", r"[\w-]+") for each in spelled]


def known() -> re.Pattern[str]:
    """Matches every class that the panel can give to a part of a page."""
    patterns = set(re.findall(r"[a-z][\w-]+", SCRIPTS))
    for text in CODE.values():
        patterns |= {each for node in ast.walk(ast.parse(text)) for each in spoken(node)}
    return re.compile("|".join(sorted(patterns)))


def unknown(asked: set[str]) -> list[str]:
    """Classes that no part of a page has."""
    ours = known()
    return sorted(
        each for each in asked if not each.startswith(FOREIGN) and not ours.fullmatch(each)
    )


def test_a_class_that_is_gone_is_found():
    assert unknown({"strip-act", "strip-item", "strip-act-is-now", "strip-bar", "q-btn"}) == [
        "strip-bar",
        "strip-item",
    ]


def test_every_style_is_of_something_on_a_page():
    rules = "\n".join(path.read_text(encoding="utf-8") for path in theme.STATIC.rglob("*.css"))
    rules = re.sub(r"/\*.*?\*/", "", rules, flags=re.DOTALL)
    selectors = " ".join(re.findall(r"([^{}]*)\{", rules))
    styled = set(re.findall(r"\.([a-zA-Z][\w-]*)", selectors))

    assert len(styled) > 100
    assert unknown(styled) == []


def test_browser_tests_look_at_what_is_on_a_page():
    files = [*BROWSER_TESTS.glob("*.py"), *BROWSER_TESTS.glob("*.js")]
    asked = {
        name
        for path in files
        for name in re.findall(r"""(?<=["'` ]\.)[a-z]+-[a-z-]+\b""", path.read_text("utf-8"))
    }

    assert "strip-act" in asked
    assert unknown(asked) == []
