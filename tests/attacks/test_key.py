"""Pressing without the key, guessing it, and what a ticket is good for, over raw connections."""

import asyncio
import stat

import pytest

from gtc_panel.door.buckets import TokenBucket
from gtc_panel.door.entrance import Entrance
from gtc_panel.door.key import FILE, TICKET_S, Key, kept_in
from gtc_panel.door.login import TRIES
from gtc_panel.door.origins import allowed_hosts
from gtc_panel.door.rules import Rules
from gtc_runtime import settings
from gtc_spec.errors import ConfigError, UsageError
from tests.attacks.raw import UPGRADE, house

SECRET = "a-key-that-nobody-guesses"
THERE = "Host: 127.0.0.2:{port}"  # an address that is not 127.0.0.1 stands for one in the network
EMPTY = "Content-Length: 0"


def locked(host="127.0.0.2"):
    return Rules(allowed_hosts(host), Key(SECRET))


def as_form(key):
    return f"Content-Length: {len(key)}", key.encode()


async def login(here, key):
    length, body = as_form(key)
    return await here.ask("POST /login", THERE, length, body=body)


async def test_everybody_may_look_and_nobody_may_press_without_the_key():
    async with house(locked(), "127.0.0.2") as here:
        assert (await here.ask("GET /", THERE))[0] == 200
        assert (await here.ask("GET /ws", THERE, *UPGRADE))[0] == 101
        for path in ("scenario/auto", "workload/start", "workload/config", "reset", "prescale"):
            status, told = await here.ask(f"POST /api/{path}", THERE, EMPTY)
            assert status == 401
            assert "log in at /login" in told

        assert here.pressed == []


async def test_other_methods_and_spellings_do_not_press_either():
    async with house(locked(), "127.0.0.2") as here:
        for line in (
            *(f"{method} /api/reset" for method in ("PUT", "PATCH", "DELETE", "post", "BREW")),
            *(
                "POST //api/reset",
                "POST /API/reset",
                "POST /api/%72eset",
                "POST /login/../api/reset",
            ),
            *(
                "POST /api/reset?x=/login",
                "POST /login;/api/reset",
                "POST /_nicegui_ws/../api/reset",
            ),
        ):
            assert (await here.ask(line, THERE, EMPTY))[0] in (400, 401, 404, 405), line

        assert here.pressed == []


async def test_whoever_shows_the_key_or_a_ticket_presses():
    async with house(locked(), "127.0.0.2") as here:
        status, head = await login(here, SECRET)
        ticket = head.partition("set-cookie: ")[2].partition(";")[0]

        assert status == 200
        assert "httponly; samesite=strict" in head
        name, _, value = ticket.partition("=")
        cookie = (
            f"Cookie: other=1; {name}={value.upper()}"  # answers were made small, tickets are not
        )
        assert (await here.ask("POST /api/reset", THERE, EMPTY, cookie))[0] == 200
        bearer = f"Authorization: Bearer {SECRET}"
        assert (await here.ask("POST /api/auto", THERE, EMPTY, bearer))[0] == 200
        assert here.pressed == ["reset", "auto"]


async def test_a_forged_an_old_and_another_panels_ticket_press_nothing():
    key, other = Key(SECRET), Key("the key of another panel")
    old = Key(SECRET, clock=lambda: 0.0)
    until, _, mac = key.ticket().partition(".")
    async with house(locked(), "127.0.0.2") as here:
        for ticket in (
            *(old.ticket(), other.ticket(), f"{int(until) + 9}.{mac}", f"{until}.", mac, ".", ""),
            *("9" * 5000 + ".x", f"{until}.{mac}x", "\N{SUPERSCRIPT TWO}.x", SECRET),
        ):
            cookie = f"Cookie: {key.cookie}={ticket}"
            assert (await here.ask("POST /api/reset", THERE, EMPTY, cookie))[0] == 401, ticket

        assert here.pressed == []


async def test_this_machine_may_always_stop_and_another_may_not():
    async with house(locked("0.0.0.0"), "0.0.0.0") as here:
        here.host = "127.0.0.1"
        loopback = "Host: 127.0.0.1:{port}"
        assert (await here.ask("POST /api/workload/stop", loopback, EMPTY))[0] == 200
        assert (await here.ask("POST /api/reset", loopback, EMPTY))[0] == 401

        assert here.pressed == ["workload/stop"]


def test_a_stop_from_another_machine_needs_the_key():
    scope = {"type": "http", "client": ("192.0.2.7", 5), "headers": []}

    assert not locked().may_press(scope, stop=True)
    assert not locked().may_press({**scope, "client": ("::ffff:192.0.2.7", 5)}, stop=True)
    for here in ("::1", "127.0.0.1", "::ffff:127.0.0.1"):
        assert locked().may_press({**scope, "client": (here, 5)}, stop=True), here


async def test_guessing_is_slowed_down_for_all_and_whoever_is_in_does_not_notice():
    async with house(locked(), "127.0.0.2") as here:
        ticket = f"Cookie: {Key(SECRET).cookie}={Key(SECRET).ticket()}"
        answers = await asyncio.gather(*(login(here, f"guess {n}") for n in range(40)))

        counted = [status for status, _ in answers]
        assert 1 <= counted.count(401) <= 8
        assert counted.count(429) == 40 - counted.count(401)
        assert (await here.ask("POST /api/reset", THERE, EMPTY, ticket))[0] == 200


async def test_the_right_key_logs_in_while_others_guess():
    async with house(locked(), "127.0.0.2") as here:
        guesses = [login(here, f"guess {n}") for n in range(20)]
        assert 429 in [status for status, _ in await asyncio.gather(*guesses)]

        assert (await login(here, SECRET))[0] == 200
        bearer = f"Authorization: Bearer {SECRET}"
        assert (await here.ask("POST /api/reset", THERE, EMPTY, bearer))[0] == 200
        assert (await login(here, "guess"))[0] == 429


async def test_keys_that_are_guessed_with_a_command_are_counted_too_and_none_is_no_guess():
    async with house(locked(), "127.0.0.2") as here:
        guess = "Authorization: Bearer guess"
        guessed = [(await here.ask("POST /api/reset", THERE, EMPTY, guess))[0] for _ in range(8)]

        assert guessed == [401] * TRIES + [429] * (8 - TRIES)
        assert (await login(here, "guess"))[0] == 429
        assert (await here.ask("POST /api/reset", THERE, EMPTY))[0] == 401
        assert here.pressed == []


@pytest.mark.parametrize(
    "others",
    ['a={"x": 1}', "x@y=1", "a=b=c", "novalue", 'q="open', "\xfc=1", "[]=1; ,=2", "a=1;;;"],
)
def test_cookies_of_other_programs_on_the_same_host_log_nobody_out(others):
    key = Key(SECRET)
    ours = f"{key.cookie}={key.ticket()}"
    for cookie in (f"{others}; {ours}", f"{ours}; {others}", f"{others};{ours};{others}"):
        scope = {"type": "http", "headers": [(b"cookie", cookie.encode("latin-1"))]}

        assert key.carried_by(scope), cookie


def test_a_bucket_fills_with_time_and_not_beyond_its_size():
    now = [0.0]
    bucket = TokenBucket(2, 0.5, clock=lambda: now[0])

    assert [bucket.take() for _ in range(3)] == [True, True, False]
    assert bucket.wait_s == 2
    now[0] = 2.0
    assert [bucket.take() for _ in range(2)] == [True, False]
    now[0] = 1000.0
    assert [bucket.take() for _ in range(3)] == [True, True, False]


def test_a_ticket_is_good_for_a_month_and_over_restarts():
    now = [1e9]
    ticket = Key(SECRET, lambda: now[0]).ticket()
    again = Key(SECRET, lambda: now[0])

    assert again.admits(ticket)
    now[0] += TICKET_S
    assert not again.admits(ticket)


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path):
    key = kept_in(tmp_path / "state")

    assert kept_in(tmp_path / "state") == key
    assert len(key.replace("-", "")) == 25
    assert stat.S_IMODE((tmp_path / "state" / FILE).stat().st_mode) == 0o600


def test_an_empty_or_unwritable_key_is_told(tmp_path):
    (tmp_path / FILE).write_text("\n")
    with pytest.raises(UsageError, match="is empty"):
        kept_in(tmp_path)
    with pytest.raises(UsageError, match="cannot keep a key"):
        kept_in(tmp_path / FILE)


@pytest.mark.parametrize(
    ("given", "locked"),
    [
        ({}, False),
        ({"host": "::1"}, False),
        ({"host": "localhost", "allowed_hosts": "localhost"}, False),
        ({"host": "0.0.0.0"}, True),
        ({"host": "192.0.2.4"}, True),
        ({"allowed_hosts": "panel.example"}, True),  # a proxy lets others in
    ],
)
def test_pressing_needs_a_key_as_soon_as_others_can_ask(tmp_path, given, locked):
    entrance = Entrance(settings.read(state_dir=tmp_path, **given))

    assert (entrance.rules.key is not None) == locked
    told = entrance.told(8080, 8081)
    assert (kept_in(tmp_path) in told) == locked


def test_a_key_that_was_given_is_used_and_never_told(tmp_path, monkeypatch):
    monkeypatch.setenv("GTC_PANEL_KEY", SECRET)
    entrance = Entrance(settings.read(state_dir=tmp_path, host="0.0.0.0"))

    assert entrance.rules.key.fits(SECRET)
    assert SECRET not in entrance.told(1, 2)
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("weak", ["1234", "fifteen-letters", "ümlauts-are-not-ascii"])
def test_a_key_that_could_be_guessed_is_refused_without_repeating_it(monkeypatch, weak):
    monkeypatch.setenv("GTC_PANEL_KEY", weak)

    with pytest.raises(ConfigError) as caught:
        settings.read()

    assert "GTC_PANEL_KEY" in str(caught.value)
    assert weak not in str(caught.value)
