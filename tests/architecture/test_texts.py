"""What no committed file may say."""

import re

import pytest

from tests.architecture.repository import texts

REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("repo", "maven", "apache", "org"),
        ("repo1", "maven", "org"),
        ("deb", "debian", "org"),
    )
]
"""Put together here so that this file does not name them either."""

SIBLING = "../" + "shared"
"""The folder that data is imported from; it exists on some machines only."""
MAY_NAME_SIBLING = ("tools/", "tests/")

PROCESS_WORDS = re.compile(r"\bsub[- ]?agents?\b", re.IGNORECASE)
"""How the code came about is not what it is."""
SECRETS = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
    r"|\bdop_v1_[0-9a-f]{64}\b|\bhf_[A-Za-z]{34}\b|\bAKIA[0-9A-Z]{16}\b"
)
MERGE_MARK = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)


def test_no_file_names_a_package_registry():
    named = [f"{name}: {host}" for name, text in texts() for host in REGISTRY_HOSTS if host in text]

    assert named == []


def test_only_tools_and_tests_know_the_folder_that_data_is_imported_from():
    named = [
        name for name, text in texts() if SIBLING in text and not name.startswith(MAY_NAME_SIBLING)
    ]

    assert named == []


@pytest.mark.parametrize("pattern", [SECRETS, MERGE_MARK], ids=["secrets", "merge marks"])
def test_no_file_holds(pattern):
    assert [name for name, text in texts() if pattern.search(text)] == []


def test_files_speak_of_the_product_and_not_of_who_wrote_it():
    speaking = [
        f"{name}: {found[0]}"
        for name, text in texts()
        if name != "tests/architecture/test_texts.py" and (found := PROCESS_WORDS.search(text))
    ]

    assert speaking == []
