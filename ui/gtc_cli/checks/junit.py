"""Verdicts as JUnit XML, which every CI system reads."""

from __future__ import annotations

from xml.etree import ElementTree

from gtc_runtime.verdict import Report


def junit(suite: str, report: Report) -> str:
    """One test case a verdict: red is a failure, what cannot be judged is skipped.

    Args:
        suite: Name of the suite.
        report: The verdicts.
    """
    red, skipped = report.of("red"), report.of("not-applicable", "not-permitted")
    root = ElementTree.Element(
        "testsuite",
        name=suite,
        tests=str(len(report.checks)),
        failures=str(len(red)),
        errors="0",
        skipped=str(len(skipped)),
        time=f"{sum(check.took_s for check in report.checks):.3f}",
    )
    for check in report.checks:
        case = ElementTree.SubElement(
            root, "testcase", classname=suite, name=check.name, time=f"{check.took_s:.3f}"
        )
        if check in red:
            failure = ElementTree.SubElement(case, "failure", message=_clean(check.found))
            failure.text = _clean(f"expected: {check.expected}\nhint: {check.hint}")
        elif check in skipped:
            ElementTree.SubElement(case, "skipped", message=_clean(check.found))
        else:
            ElementTree.SubElement(case, "system-out").text = _clean(check.found)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold, which a server's words may well have."""
    return "".join(c for c in text if c in "\t\n" or (c >= " " and not 0xD800 <= ord(c) <= 0xDFFF
                   and c not in "\ufffe\uffff"))  # fmt: skip
