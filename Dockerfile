# Panel, guardian and model jobs in one image: gtc-demo-loadgen.
# No Node, no cdktf, no rehearsal; the compiler stays in the build stage. Runs as a fixed user on a read-only root; only /tmp must be writable.
# `make build-loadgen` passes BASE by its digest, so that the image says exactly what it stands on.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
WORKDIR /src
# for the native core of the load engine; not pinned, because Debian keeps one version of a package
# hadolint ignore=DL3008
RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/runtime.txt requirements/runtime.txt
RUN python -m venv /opt/gtc \
    && /opt/gtc/bin/pip install --no-cache-dir --require-hashes --only-binary=:all: -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY constructs constructs
COPY dashboards dashboards
COPY gtc_runtime gtc_runtime
COPY ui ui
# compiled now, because a read-only root cannot keep what Python compiles later
RUN /opt/gtc/bin/pip install --no-cache-dir --no-index --no-deps --no-build-isolation . \
    && GTC_LOAD_CORE=native /opt/gtc/bin/python -I -c 'from gtc_runtime.load import native; native.core()' \
    && /opt/gtc/bin/python -m compileall -q /opt/gtc/lib

FROM ${BASE}
ARG BASE
LABEL org.opencontainers.image.title="gtc-demo-loadgen" \
      org.opencontainers.image.base.name="${BASE}"
COPY --from=build /opt/gtc /opt/gtc
ENV PATH=/opt/gtc/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /tmp
USER 10001:10001
CMD ["gtc", "--help"]
