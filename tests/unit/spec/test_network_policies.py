"""Panel and guardian talk to those whom they need, and to the API server wherever it is."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_spec import environment
from gtc_spec.manifests import dgd
from gtc_spec.manifests.panel import network_policy
from gtc_spec.manifests.panel.panel import METRICS_PORT, PORT

PROD = environment.load("prod")
API_SERVER = [("its endpoint", 443), ("the usual port", 6443), ("the proxy of DOKS", 16443)]
each_pod = pytest.mark.parametrize("name", ["gtc-demo-panel", "gtc-demo-guardian"])


def policies() -> dict[str, Any]:
    return {p["metadata"]["name"]: p["spec"] for p in network_policy.network_policies(PROD)}


def ways_out(name: str) -> set[tuple[str, int]]:
    """Destination and port; a rule without a destination is for all of them."""
    return {
        (str(peer), port["port"])
        for rule in policies()[name]["egress"]
        for peer in rule.get("to", ["anywhere"])
        for port in rule["ports"]
    }


def lets_out(name: str, address: str, port: int, *, node: bool) -> bool:
    """Whether Cilium lets a pod reach an address that no pod has.

    A block of addresses holds no node, however wide it is (cilium/cilium#20550).
    """
    return any(
        port in {each["port"] for each in rule["ports"]}
        and ("to" not in rule or (not node and any(holds(peer, address) for peer in rule["to"])))
        for rule in policies()[name]["egress"]
    )


def holds(peer: dict[str, Any], address: str) -> bool:
    return "ipBlock" in peer and ip_address(address) in ip_network(peer["ipBlock"]["cidr"])


@each_pod
@pytest.mark.parametrize(
    "port", [port for _, port in API_SERVER], ids=[why for why, _ in API_SERVER]
)
@given(address=st.ip_addresses().map(str), node=st.booleans())
def test_no_address_of_the_api_server_cuts_them_off(
    name: str, port: int, address: str, node: bool
) -> None:
    assert lets_out(name, address, port, node=node)


@each_pod
@given(port=st.integers(1, 65535).filter(lambda port: port not in {53, 443, 6443, 16443}))
def test_other_ports_of_nodes_and_of_the_world_stay_closed(name: str, port: int) -> None:
    assert not lets_out(name, "10.116.0.3", port, node=True)
    assert not lets_out(name, "203.0.113.9", port, node=False)


def test_nobody_may_talk_to_anybody_by_default() -> None:
    denied = policies()["default-deny"]
    assert denied["podSelector"] == {}
    assert denied["policyTypes"] == ["Ingress", "Egress"]
    assert denied["ingress"] == denied["egress"] == []


def test_panel_may_reach_what_it_is_configured_for_and_no_other_port() -> None:
    assert {port for _, port in ways_out("gtc-demo-panel")} == {
        53, 80, 443, 3000, 6443, 8000, 9090, 16443,
    }  # fmt: skip
    named = {port: peer for peer, port in ways_out("gtc-demo-panel")}
    assert "'dynamo-workload'" in named[8000]
    assert "frontend" in named[8000]
    assert "'monitoring'" in named[9090]
    assert "'monitoring'" in named[3000]
    assert named[443] == "anywhere"


def test_frontend_is_selected_by_the_label_that_the_operator_gives_it() -> None:
    [selected] = [peer for peer, port in ways_out("gtc-demo-panel") if port == 8000]
    frontend = dgd.dynamo_graph_deployment(PROD)["spec"]["services"]["Frontend"]
    assert f"'nvidia.com/dynamo-component-type': '{frontend['componentType']}'" in selected


def test_guardian_may_reach_the_api_server_only() -> None:
    assert {port for _, port in ways_out("gtc-demo-guardian")} == {53, 443, 6443, 16443}


def test_only_prometheus_may_come_in() -> None:
    [rule] = policies()["gtc-demo-panel"]["ingress"]
    assert "monitoring" in str(rule["from"])
    assert rule["ports"] == [{"protocol": "TCP", "port": METRICS_PORT}]
    assert METRICS_PORT != PORT
    assert policies()["gtc-demo-guardian"]["ingress"] == []
