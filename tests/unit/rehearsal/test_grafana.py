"""What a Grafana of this machine is told."""

from pathlib import Path

import yaml

import gtc_dashboards
from gtc_rehearsal import grafana
from gtc_spec.engines import vllm
from gtc_spec.telemetry.metrics import SCRAPE_INTERVAL_S


def provisioned(tmp_path: Path, server: str = "/usr/sbin/grafana-server") -> grafana.Server:
    boards = gtc_dashboards.sources(vllm.TRAITS)
    return grafana.provision(server, tmp_path, boards, "http://127.0.0.1:9", 3001)


def test_it_asks_the_rehearsals_prometheus_at_the_pace_of_the_scrapes(tmp_path: Path) -> None:
    provisioned(tmp_path)
    written = yaml.safe_load(
        (tmp_path / "provisioning" / "datasources" / "gtc-demo.yaml").read_text()
    )
    (source,) = written["datasources"]

    assert (source["type"], source["url"]) == ("prometheus", "http://127.0.0.1:9")
    assert source["isDefault"]
    assert source["jsonData"]["timeInterval"] == f"{SCRAPE_INTERVAL_S}s"


def test_it_shows_our_boards_to_anybody_on_this_machine_and_writes_beside_the_rehearsal(
    tmp_path: Path,
) -> None:
    made = provisioned(tmp_path)
    written = yaml.safe_load(
        (tmp_path / "provisioning" / "dashboards" / "gtc-demo.yaml").read_text()
    )

    assert written["providers"][0]["options"]["path"] == str(tmp_path / "boards")
    shown = {file.name: file.read_text() for file in (tmp_path / "boards").iterdir()}
    assert set(shown) == {"demo.json", "disaggregation.json", "kv-cache.json"}
    assert '\\"backend\\"' in shown["disaggregation.json"]
    assert made.environ["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert made.environ["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    assert made.environ["GF_PATHS_DATA"].startswith(str(tmp_path))
    assert made.url == "http://127.0.0.1:3001"


def test_the_newer_binary_needs_its_verb(tmp_path: Path) -> None:
    assert provisioned(tmp_path, "/usr/bin/grafana").command[:2] == ("/usr/bin/grafana", "server")
    assert provisioned(tmp_path).command[0] == "/usr/sbin/grafana-server"


def test_a_real_prometheus_scrapes_what_the_rehearsals_own_one_does(tmp_path: Path) -> None:
    made = grafana.prometheus("/usr/bin/prometheus", tmp_path, "http://127.0.0.1:9/sd", 3002)
    config = yaml.safe_load((tmp_path / "prometheus.yml").read_text())
    (job,) = config["scrape_configs"]

    assert job["http_sd_configs"][0]["url"] == "http://127.0.0.1:9/sd"
    assert config["global"]["scrape_interval"] == f"{SCRAPE_INTERVAL_S}s"
    assert "--web.listen-address=127.0.0.1:3002" in made.command
