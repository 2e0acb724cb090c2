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


def test_a_token_of_cdktf_is_no_reference_because_the_state_would_keep_its_value() -> None:
    assert list(clear_text({"password": "${TfToken[TOKEN.7]}"})) == ["password"]


def test_a_url_shows_its_password() -> None:
    assert has_password("https://user:hunter2@hub.example.com")
    assert not has_password("https://hub.example.com:8443/user@host")
