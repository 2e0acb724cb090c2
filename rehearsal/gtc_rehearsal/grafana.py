"""A Grafana of this machine, set up to show our boards, and a real Prometheus for it to ask.

Boards ask for a quarter of an hour at a time: one such question of a histogram costs our own
evaluator a second, during which the rehearsal's cluster would stand still. Only where both are
installed: nothing is downloaded. What they write stays in the state directory, and anybody may
view, as on a cluster. It must not know what the boards show.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

HOMES: Final = ("/usr/share/grafana", "/usr/local/share/grafana", "/opt/grafana")
"""Where packages put the static files that the server needs."""
SCRAPE_S: Final = 5


@dataclass(frozen=True)
class Server:
    """How to start one of both.

    Attributes:
        command: Program and arguments.
        url: Where it will answer.
        environ: What to add to the environment.
    """

    command: tuple[str, ...]
    url: str
    environ: Mapping[str, str] = field(default_factory=dict)


def binaries() -> tuple[str, str] | None:
    """Prometheus and Grafana's server on PATH; None unless both are there."""
    prometheus = shutil.which("prometheus")
    grafana = shutil.which("grafana-server") or shutil.which("grafana")
    return (prometheus, grafana) if prometheus and grafana else None


def prometheus(binary: str, folder: Path, discovery_url: str, port: int) -> Server:
    """Write the configuration of a Prometheus that scrapes what the rehearsal's own one does.

    Args:
        binary: The program.
        folder: Where its files go.
        discovery_url: Lists the targets, see the rehearsal's Prometheus.
        port: TCP port on loopback.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pace = f"{SCRAPE_S}s"
    config = {
        "global": {"scrape_interval": pace, "scrape_timeout": pace},
        "scrape_configs": [
            {
                "job_name": "rehearsal",
                "http_sd_configs": [{"url": discovery_url, "refresh_interval": pace}],
            }
        ],
    }
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    command = (
        binary,
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=1d",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    return Server(command, f"http://127.0.0.1:{port}")


def provision(
    server: str, folder: Path, boards: Mapping[str, Path], prometheus_url: str, port: int
) -> Server:
    """Write what Grafana reads at its start.

    Args:
        server: Its binary.
        folder: Where its files go.
        boards: Name and JSON file of each board.
        prometheus_url: What it asks.
        port: TCP port on loopback.

    Returns:
        What to start.
    """
    shown = _copied(boards, folder.resolve() / "boards")
    for kind, document in (
        ("datasources", _datasource(prometheus_url)),
        ("dashboards", _provider(shown)),
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
        "DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": str(shown / "demo.json"),
        "LOG_MODE": "console",
    }
    return Server(
        (server, *verb, *(("--homepath", home) if home else ())),
        f"http://127.0.0.1:{port}",
        {f"GF_{name}": value for name, value in settings.items()},
    )


def _copied(boards: Mapping[str, Path], shown: Path) -> Path:
    """The folder with these boards alone: those of an earlier run may ask for another engine."""
    shutil.rmtree(shown, ignore_errors=True)
    shown.mkdir(parents=True)
    for name, file in boards.items():
        shutil.copyfile(file, shown / f"{name}.json")
    return shown


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
