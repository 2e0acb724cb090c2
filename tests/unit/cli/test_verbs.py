"""The table of verbs: whole, true, and the only way from one verb to another."""

import os
import subprocess
import sys
from importlib import import_module
from itertools import permutations

import click
import grimp
import pytest

from gtc_cli.main import gtc
from gtc_cli.verbs import VERBS


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("gtc_cli", cache_dir=None)


def defining(modules):
    """The modules that define a command of click, the group of all of them aside."""
    found = set()
    for name in modules:
        module = import_module(name)
        commands = [each for each in vars(module).values() if isinstance(each, click.Command)]
        if any(each.callback.__module__ == name for each in commands if each.callback):
            found.add(name)
    return found - {gtc.callback.__module__}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_what_the_table_says(verb):
    command = gtc.get_command(click.Context(gtc), verb)

    assert command.name == verb
    assert command.get_short_help_str(limit=1000) == VERBS[verb][1]


def answering(command):
    """The modules of a command and of those below it."""
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return {command.callback.__module__}.union(*map(answering, below))


def test_every_module_with_a_command_is_in_the_table_or_below_a_group_of_it(graph):
    known = {module for verb in VERBS for module in answering(gtc.get_command(None, verb))}

    assert defining(graph.modules - {"gtc_cli.__main__"}) == known


def test_no_verb_imports_another_one(graph):
    verbs = {f"gtc_cli.{place.partition(':')[0]}" for place, _ in VERBS.values()}
    chains = [graph.find_shortest_chain(one, other) for one, other in permutations(verbs, 2)]

    assert [chain for chain in chains if chain] == []


LIGHT = ["gtc_cli.extras", "gtc_cli.main", "gtc_cli.verbs", "gtc_spec.errors"]
IMPORTED = "print(*sorted(m for m in sys.modules if m.startswith('gtc_') and '.' in m))"
"""The last line of a program: which modules of ours it has imported."""


def test_completing_a_verb_imports_none_of_them():
    program = f"""
import contextlib, sys
from gtc_cli.main import gtc
with contextlib.suppress(SystemExit):
    gtc.main(prog_name="gtc")
{IMPORTED}
"""
    asked = {"_GTC_COMPLETE": "bash_complete", "COMP_WORDS": "gtc sta", "COMP_CWORD": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=True, env=os.environ | asked,
    )  # fmt: skip

    *completed, imported = ran.stdout.splitlines()
    assert completed == ["plain,start", "plain,status"]
    assert imported.split() == LIGHT


def test_the_help_of_all_verbs_imports_none_of_them():
    program = f"import sys; from gtc_cli.main import main; main(['--help']); {IMPORTED}"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    help_text, imported = ran.stdout.rstrip().rsplit("\n", 1)
    assert all(f"\n  {verb} " in help_text for verb in VERBS)
    assert imported.split() == LIGHT
