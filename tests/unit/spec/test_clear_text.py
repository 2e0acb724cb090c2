"""Secrets in clear are found by what they are called, and names of Secrets are none."""

import pytest

from gtc_spec.arguments.clear_text import clear_text, has_password, names_secret


@pytest.mark.parametrize(
    "name",
    [
        "password", "adminPassword", "GF_DATABASE_PASSWORD", "--ssl-keyfile-password",
        "client_secret", "clientSecret", "cookieSecret", "SESSION_SECRET", "secret_key",
        "HF_TOKEN", "bearerToken", "--hf-token", "--api-key", "--api_key", "apiKey", "APIKey",
        "AWS_SECRET_ACCESS_KEY", "secretAccessKey", "privateKey",
    ],
)  # fmt: skip
def test_a_name_says_that_it_holds_a_secret(name: str) -> None:
    assert names_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "existingSecret", "secretName", "envFromSecret", "tlsSecret", "imagePullSecrets", "secret",
        "passwordKey", "passwordFile", "GF_DATABASE_PASSWORD__FILE", "secretKey", "secretKeyRef",
        "privateKeySecretRef", "apiTokenSecretRef", "AWS_ACCESS_KEY_ID", "--tokenizer",
        "max_tokens", "nginx.ingress.kubernetes.io/auth-secret", "credentialName",
        "IMAGE_PULL_SECRET", "GATEWAY_TLS_SECRET", "EXISTING_SECRET",
    ],
)  # fmt: skip
def test_the_name_of_a_secret_or_of_its_key_is_none(name: str) -> None:
    assert not names_secret(name)


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"grafana": {"adminPassword": "hunter2"}}, ["grafana.adminPassword"]),
        (
            {"grafana.ini": {"auth.generic_oauth": {"client_secret": "hunter2"}}},
            ["grafana.ini.auth.generic_oauth.client_secret"],
        ),
        ({"extraEnv": [{"name": "DB_PASSWORD", "value": "hunter2"}]}, ["extraEnv[0].DB_PASSWORD"]),
        ({"args": ["--port=1", "--api-key=hunter2"]}, ["args --api-key"]),
        ({"args": ["--api-key", "hunter2"]}, ["args --api-key"]),
        ({"database": "postgres://gtc:hunter2@db/gtc"}, ["database"]),
        ({"databases": ["postgres://gtc:hunter2@db/gtc"]}, ["databases[0]"]),
    ],
)
def test_a_secret_in_clear_is_found_wherever_it_stands(document: object, found: list[str]) -> None:
    assert list(clear_text(document)) == found


@pytest.mark.parametrize(
    "document",
    [
        {"adminPassword": "", "args": []},
        {"admin": {"existingSecret": "grafana-admin", "passwordKey": "admin-password"}},
        {"client_secret": "$__file{/etc/secrets/client_secret}", "password": "$__env{PASSWORD}"},
        {"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"key": "password"}}}]},
        {"env": [{"name": "URL", "value": "http://user@host:80/a@b"}]},
        {"args": ["--api-key=$(API_KEY)", "--api-key", "$(API_KEY)", "--token", "--verbose"]},
        {"database": "postgres://gtc:$(PASSWORD)@db/gtc"},
        {"automountServiceAccountToken": False, "token": {"name": "secret", "key": "token"}},
    ],
)
def test_what_is_filled_in_where_it_is_read_is_no_secret_in_clear(document: object) -> None:
    assert list(clear_text(document)) == []


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "SealedSecret", "spec": {"encryptedData": {"password": "AgBy3i4OJSWK+PiTySYZZA"}}},
        {"spec": {"target": {"template": {"data": {"password": "{{ .password }}"}}}}},
        {"database": "postgres://u:{{.pw}}@h"},
        {"secureJsonData": {"password": "$PASSWORD", "token": "${PASS:-x}"}},
        {"env": [{"name": "AUTH_TOKEN", "value": "Bearer $(TOKEN)"}]},
    ],
)
def test_what_is_sealed_or_filled_in_by_others_is_no_secret_in_clear(document: object) -> None:
    assert list(clear_text(document)) == []


@pytest.mark.parametrize(
    "document",
    [
        {"env": [{"name": "HF_HUB_DISABLE_IMPLICIT_TOKEN", "value": "1"}]},
        {"env": [{"name": "ALLOW_EMPTY_PASSWORD", "value": "yes"}], "allowEmptyPassword": "sure"},
        {"args": ["--enable-token=false", "--disable-api-key", "serve", "--no-token", "serve"]},
    ],
)
def test_a_switch_is_no_secret(document: object) -> None:
    assert list(clear_text(document)) == []


@pytest.mark.parametrize(
    "document",
    [
        {"privateKey": "/etc/tls/tls.key", "token": "/var/run/secrets/token"},
        {"args": ["--private-key", "/etc/tls/tls.key"]},
        {"vault.hashicorp.com/agent-inject-secret-db-password": "secret/data/db"},
        {"env": [{"name": "IMAGE_PULL_SECRET", "value": "regcred"}]},
    ],
)
def test_the_place_of_a_secret_is_no_secret(document: object) -> None:
    assert list(clear_text(document)) == []


@pytest.mark.parametrize(
    "value",
    ["hunter2", "$hunter2", "$2y$10$abc", "/K7MDENG/bPxRfiCYEXAMPLEKEY", "/hunter2", "yes!", "10"],
)
def test_a_password_that_looks_like_none_is_one(value: str) -> None:
    assert list(clear_text({"password": value})) == ["password"]


def test_a_token_of_cdktf_is_no_reference_because_the_state_would_keep_its_value() -> None:
    assert list(clear_text({"password": "${TfToken[TOKEN.7]}"})) == ["password"]


def test_a_url_shows_its_password() -> None:
    assert has_password("https://user:hunter2@hub.example.com")
    assert not has_password("https://hub.example.com:8443/user@host")


@pytest.mark.parametrize(
    "text",
    [
        "HTTPS://user:hunter2@hub.example.com",
        "redis://:hunter2@cache:6379",
        "amqp://u:$(PASSWORD)@a amqp://u:hunter2@b",
    ],
)
def test_a_password_is_seen_in_any_url_of_a_text(text: str) -> None:
    assert has_password(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"u":"http://a:80","o":"x@y"}',
        '{"u":"http://a","o:p":"x@y"}',
        "http://a:80,b@c",
        "http://a,b:80@c",
        "http://a:80?by=b@c",
        "docker://ubuntu:22.04@sha256:0123456789abcdef",
    ],
)
def test_a_url_ends_before_what_stands_beside_it(text: str) -> None:
    assert not has_password(text)
