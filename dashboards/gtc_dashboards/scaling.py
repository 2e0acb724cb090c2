"""The row that tells why pools grew: triggers beside their limits, HPAs, and who drives."""

from __future__ import annotations

from gtc_dashboards.panels import Panel, Query, lines
from gtc_spec.pools import ROLES, Role
from gtc_spec.telemetry import metrics_platform, promql_client, promql_platform


def panels() -> list[Panel]:
    """The panels in reading order."""
    return [
        *(_trigger(role) for role in ROLES),
        _paused(),
        *(_hpa(role) for role in ROLES),
        _mode(),
        _waiting_pods(),
    ]


def _paused() -> Panel:
    return lines(
        "KEDA paused",
        "1 while the show drives: then KEDA has no HPA and cannot interfere.",
        [
            Query(promql_client.paused(), "{{pool}} as the panel sees it"),
            *(Query(promql_platform.scaler_paused(role), f"{role} by KEDA") for role in ROLES),
        ],
        unit="short",
        top=1,
        steps=True,
    )


def _mode() -> Panel:
    return lines(
        "Who drives",
        "1 for the mode in force; manual gives scaling to KEDA, auto to the show.",
        [Query(promql_client.mode(), "{{mode}}")],
        unit="short",
        top=1,
        steps=True,
    )


def _waiting_pods() -> Panel:
    return lines(
        "Pods that wait",
        "Pending pods wait for a GPU, an image or the scheduler's gang.",
        [Query(promql_platform.pending_pods(), "pending", "warning")],
        unit="short",
        steps=True,
    )


def _trigger(role: Role) -> Panel:
    return lines(
        f"What the {role} scaler reads",
        "Above the dashed limit KEDA wants another worker; a total is compared with the limit of "
        "all workers together, so that the limit jumps with the pool.",
        [
            Query(promql_platform.scaler_reading(role), "reading", role),
            Query(promql_client.scaler_limit(role), "limit", "warning", "dash"),
        ],
        unit="short",
    )


def _hpa(role: Role) -> Panel:
    figures = (
        ("desired", metrics_platform.HPA_DESIRED, "warning"),
        ("current", metrics_platform.HPA_CURRENT, role),
        ("limit", metrics_platform.HPA_MAX, "muted"),
    )
    return lines(
        f"HPA of {role}",
        "What KEDA's HPA wants and sees; empty while KEDA is paused, because then there is none.",
        [
            Query(promql_platform.hpa(metric, role), name, colour)
            for name, metric, colour in figures
        ],
        unit="short",
        steps=True,
    )
