"""Which browsers and which names come in, over raw connections: by request and by socket."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtc_panel.door.origins import allowed_hosts, refusal
from gtc_panel.door.rules import Rules
from gtc_panel.server import bind
from tests.attacks.raw import HERE, UPGRADE, house

PASSES = [
    (HERE,),
    ("Host: localhost:{port}",),
    ("Host: localhost:{port}", "Origin: http://localhost:{port}"),
    ("Host: [::1]:{port}", "Origin: http://[::1]:{port}"),
    ("Host: LOCALHOST:{port}", "Origin: http://localhost:{port}"),
    (HERE, "Sec-Fetch-Site: same-origin"),
    (HERE, "Sec-Fetch-Site: none"),
]
REFUSED = [
    ("Host: localhost:{port}", "Origin: http://evil.example"),
    ("Host: localhost:{port}", "Origin: null"),
    ("Host: localhost:{port}", "Origin: http://localhost:3000"),
    ("Host: localhost:{port}", "Origin: http://127.0.0.1:{port}"),
    ("Host: localhost:{port}", "Origin: http://localhost:{port}@evil.example"),
    ("Host: localhost:{port}", "Origin: http://localhost:{port}", "Origin: http://evil.example"),
    ("Host: localhost:{port}", "Origin: chrome-extension://abcdef"),
    ("Host: localhost:{port}", "Origin: file://"),
    ("Host: evil.example:{port}",),
    ("Host: evil.example:{port}", "Origin: http://evil.example:{port}"),
    ("Host: localhost.evil.example:{port}",),
    ("Host: 10.0.0.7:{port}",),
    ("Host: localhost:{port}", "Host: evil.example"),
    (HERE, "Sec-Fetch-Site: cross-site"),
    (HERE, "Sec-Fetch-Site: same-site"),
    (HERE, "Sec-Fetch-Site: whatever"),
    (HERE, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"),
    (HERE, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"),
    (HERE, "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty"),
    (HERE, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"),
]
LINK = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")


async def test_our_own_pages_and_plain_clients_pass_by_http_and_by_socket():
    async with house() as here:
        for headers in PASSES:
            assert (await here.ask("GET /", *headers))[0] == 200, headers
            assert (await here.ask("POST /api/start", *headers, "Content-Length: 0"))[0] == 200
            assert (await here.ask("GET /ws", *headers, *UPGRADE))[0] == 101


async def test_foreign_pages_and_foreign_names_are_refused_by_http_and_by_socket():
    async with house() as here:
        for headers in REFUSED:
            assert (await here.ask("GET /", *headers))[0] == 403, headers
            assert (await here.ask("POST /api/start", *headers, "Content-Length: 0"))[0] == 403
            # the server itself answers 400 to a handshake with two origins
            assert (await here.ask("GET /ws", *headers, *UPGRADE))[0] in (400, 403)

        assert (here.pressed, here.pages) == ([], 0)


async def test_another_site_may_link_to_a_page_but_neither_press_nor_fetch_it_ahead():
    async with house() as here:
        assert (await here.ask("GET /", HERE, *LINK))[0] == 200
        assert (await here.ask("GET /", HERE, *LINK, "Sec-Purpose: prefetch"))[0] == 403
        assert (await here.ask("POST /api/start", HERE, *LINK, "Content-Length: 0"))[0] == 403
        assert (await here.ask("GET /ws", HERE, *LINK, *UPGRADE))[0] == 403

        assert here.pressed == []


async def test_every_answer_forbids_framing_guessing_and_telling_where_one_came_from():
    async with house() as here:
        for path, host in (("/", "localhost"), ("/nothing", "localhost"), ("/", "evil.example")):
            _, head = await here.ask(f"GET {path}", f"Host: {host}:{{port}}")

            assert "frame-ancestors 'none'" in head
            assert "form-action 'self'" in head
            assert "x-content-type-options: nosniff" in head
            assert "referrer-policy: no-referrer" in head
            assert "cross-origin-opener-policy: same-origin" in head
            assert "cross-origin-resource-policy: same-origin" in head
            assert "permissions-policy: camera=()" in head
            assert "\r\nserver:" not in head


async def test_probes_may_name_the_pod_by_any_address_but_nothing_else_may():
    async with house() as here:
        assert (await here.ask("GET /healthz", "Host: 10.0.0.7:{port}"))[0] == 200
        assert (await here.ask("GET /", "Host: 10.0.0.7:{port}"))[0] == 403
        foreign = ("Host: 10.0.0.7:{port}", "Origin: http://evil.example")
        assert (await here.ask("GET /healthz", *foreign))[0] == 403


async def test_on_every_address_each_one_is_known_by_itself_and_this_machine_by_its_name():
    rules = Rules(allowed_hosts("0.0.0.0", ["booth.example"]))
    async with house(rules, "0.0.0.0") as here:
        here.host = "127.0.0.2"  # stands for an address in the network
        assert (await here.ask("GET /", "Host: 127.0.0.2:{port}"))[0] == 200
        assert (await here.ask("GET /", "Host: booth.example:{port}"))[0] == 200
        assert (await here.ask("GET /", "Host: 127.0.0.3:{port}"))[0] == 403
        assert (await here.ask("GET /", "Host: evil.example:{port}"))[0] == 403


@pytest.mark.parametrize(
    ("arrived", "host", "passes"),
    [
        ("::ffff:192.0.2.4", "192.0.2.4", True),
        ("::ffff:192.0.2.4", "192.0.2.5", False),
        ("2001:db8::4", "[2001:db8::4]", True),
        ("2001:db8::4", "192.0.2.4", False),
    ],
)
def test_on_a_socket_for_both_families_an_address_is_known_as_people_write_it(
    arrived, host, passes
):
    headers = [(b"host", f"{host}:8080".encode())]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}

    assert (refusal({**scope, "server": (arrived, 8080)}, allowed_hosts("::")) == "") == passes


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 on this machine")
async def test_a_panel_on_all_addresses_of_both_families_answers_by_those_of_the_first():
    listener = bind("::", 0)
    async with house(Rules(allowed_hosts("::")), listener=listener) as here:
        here.host = "127.0.0.2"  # stands for an address in the network
        assert (await here.ask("GET /", "Host: 127.0.0.2:{port}"))[0] == 200
        assert (await here.ask("GET /", "Host: 127.0.0.3:{port}"))[0] == 403


async def test_a_prefix_of_a_proxy_is_a_plain_path_or_refused():
    async with house() as here:
        assert (await here.ask("GET /", HERE, "X-Forwarded-Prefix: /demo/panel"))[0] == 200
        for bad in (
            "//evil.example",
            "/a//b",
            "/..",
            "http://evil.example",
            "/a?b",
            "/" + "a" * 99,
        ):
            assert (await here.ask("GET /", HERE, f"X-Forwarded-Prefix: {bad}"))[0] == 400, bad


def test_a_bound_address_is_allowed_and_so_is_a_name_that_was_given():
    assert "192.0.2.4" in allowed_hosts("192.0.2.4")
    assert "panel.example" in allowed_hosts("127.0.0.1", ["Panel.example"])
    assert "" not in allowed_hosts("::", [""])


@pytest.mark.parametrize("origin", [b"https://panel.example", b"https://panel.example:443"])
def test_a_page_behind_a_tls_proxy_is_its_own(origin):
    headers = [(b"host", b"panel.example"), (b"origin", origin)]
    scope = {"type": "websocket", "path": "/", "headers": headers}

    assert refusal(scope, {"panel.example"}) == ""


@given(st.lists(st.tuples(st.sampled_from([b"host", b"origin"]), st.binary(max_size=40))))
def test_whatever_the_headers_hold_there_is_an_answer_and_only_known_hosts_pass(headers):
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}

    passed = refusal(scope, {"localhost"}) == ""

    hosts = [value for name, value in headers if name == b"host"]
    assert not passed or (len(hosts) == 1 and hosts[0].lower().split(b":")[0] == b"localhost")
