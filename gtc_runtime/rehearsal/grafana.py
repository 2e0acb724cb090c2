"""A Grafana of this machine, told to show our boards from the rehearsal's Prometheus.

Only where one is installed: nothing is downloaded. Everything that it writes stays in the state
directory, and anonymous people look, as on a cluster. It must not know what the boards show.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

HOMES: Final = ("/usr/share/grafana", "/usr/local/share/grafana", "/opt/grafana")
"""Where packages put the static files that the server needs."""
SCRAPE_S: Final = 5


@dataclass(frozen=True)
class Grafana:
    """How to start it.

    Attributes:
        command: Program and arguments.
        environ: What to add to the environment.
        url: Where it will answer.
    """

    command: tuple[str, ...]
    environ: dict[str, str]
    url: str


def binary() -> str | None:
    """The server on PATH; None without one."""
    return shutil.which("grafana-server") or shutil.which("grafana")


def provision(server: str, folder: Path, boards: Path, prometheus_url: str, port: int) -> Grafana:
    """Write what Grafana reads at its start.

    Args:
        server: Its binary.
        folder: Where its files go.
        boards: Folder of the boards, JSON.
        prometheus_url: What it asks.
        port: TCP port on loopback.

    Returns:
        What to start.
    """
    for kind, document in (
        ("datasources", _datasource(prometheus_url)),
        ("dashboards", _provider(boards.resolve())),
    ):
        place = folder / "provisioning" / kind
        place.mkdir(parents=True, exist_ok=True)
        (place / "gtc-demo.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    verb = ("server",) if Path(server).name == "grafana" else ()
    home = next((each for each in HOMES if Path(each).is_dir()), "")
    settings = {
        "PATHS_DATA": str((folder / "data").resolve()),
        "PATHS_LOGS": str((folder / "data").resolve()),
        "PATHS_PLUGINS": str((folder / "plugins").resolve()),
        "PATHS_PROVISIONING": str((folder / "provisioning").resolve()),
        "SERVER_HTTP_ADDR": "127.0.0.1",
        "SERVER_HTTP_PORT": str(port),
        "AUTH_ANONYMOUS_ENABLED": "true",
        "AUTH_ANONYMOUS_ORG_ROLE": "Viewer",
        "USERS_DEFAULT_THEME": "dark",
        "ANALYTICS_REPORTING_ENABLED": "false",
        "ANALYTICS_CHECK_FOR_UPDATES": "false",
        "ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
        "NEWS_NEWS_FEED_ENABLED": "false",
        "DASHBOARDS_MIN_REFRESH_INTERVAL": f"{SCRAPE_S}s",
        "DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": str(boards.resolve() / "demo.json"),
        "LOG_MODE": "console",
    }
    return Grafana(
        (server, *verb, *(("--homepath", home) if home else ())),
        {f"GF_{name}": value for name, value in settings.items()},
        f"http://127.0.0.1:{port}",
    )


def _datasource(url: str) -> dict[str, object]:
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "Prometheus",
                "uid": "prometheus",
                "type": "prometheus",
                "access": "proxy",
                "url": url,
                "isDefault": True,
                # without it Grafana takes 15 s and draws a point for every third scrape
                "jsonData": {"timeInterval": f"{SCRAPE_S}s", "httpMethod": "POST"},
            }
        ],
    }


def _provider(boards: Path) -> dict[str, object]:
    options = {"path": str(boards)}
    provider = {"name": "gtc-demo", "folder": "gtc-demo", "type": "file", "options": options}
    return {"apiVersion": 1, "providers": [provider]}
