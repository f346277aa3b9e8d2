# syntax=docker/dockerfile:1
# One image; its command chooses API (serve), worker or scheduler (work), or migration (migrate).
#
#   docker build --build-arg PYTHON_IMAGE=python:3.13-slim-bookworm@sha256:<digest> .
#
# The base comes by digest, which only who builds can look up: there is no default to grow old.
# checkov:skip=CKV_DOCKER_7:The base is pinned by digest; the first RUN refuses any other.
ARG PYTHON_IMAGE

FROM ${PYTHON_IMAGE} AS build
ARG PYTHON_IMAGE
RUN case "$PYTHON_IMAGE" in *@sha256:????????????????????????????????????????????????????????????????) ;; \
      *) echo "PYTHON_IMAGE must be pinned: name@sha256:<digest>" >&2; exit 1 ;; esac
WORKDIR /build
# Wheels only: nothing is compiled, so no stage has a compiler.
COPY requirements-build.lock requirements-production.lock ./
RUN python3 -m venv /build/tools \
 && /build/tools/bin/pip install --no-cache-dir --disable-pip-version-check \
      --only-binary :all: --require-hashes -r requirements-build.lock
RUN python3 -m venv /opt/billing-saas \
 && /opt/billing-saas/bin/pip install --no-cache-dir --disable-pip-version-check \
      --only-binary :all: --require-hashes -r requirements-production.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY migrations migrations
COPY src/billing_saas src/billing_saas
RUN /build/tools/bin/pip wheel --no-cache-dir --disable-pip-version-check \
      --no-deps --no-build-isolation --wheel-dir /build/wheels . \
 && /opt/billing-saas/bin/pip install --no-cache-dir --disable-pip-version-check \
      --no-deps --no-index /build/wheels/*.whl
# What runs installs nothing. Compiled here: the file system is read-only there.
RUN /opt/billing-saas/bin/python -m compileall -q -j 0 /opt/billing-saas/lib \
 && /opt/billing-saas/bin/pip uninstall --yes --quiet pip setuptools \
 && /opt/billing-saas/bin/billing-saas --version

FROM ${PYTHON_IMAGE} AS run
LABEL org.opencontainers.image.title="billing-saas" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build --chown=0:0 /opt/billing-saas /opt/billing-saas
ENV PATH=/opt/billing-saas/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    BILLING_ENVIRONMENT=production \
    BILLING_DATA=/var/lib/billing-saas \
    BILLING_KEY_FOLDER=/var/lib/billing-keys/keys
# Not by name: a cluster that demands a non-root user must be able to see that it is one.
USER 10001:10001
WORKDIR /
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK NONE
ENTRYPOINT ["billing-saas"]
CMD ["serve", "--host", "0.0.0.0"]
