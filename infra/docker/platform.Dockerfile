# syntax=docker/dockerfile:1.7
# The API, the job workers, the monitor with its retrainings, the Evidently UI, and the stack's set-up.
FROM python:3.11.15-slim-bookworm@sha256:d29f48a31a8b408ed19272ca1e7b10ebae13b240a27e862d3d4217c528e2e0c3

# LightGBM and XGBoost link against OpenMP, which the slim image leaves out.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /app penstock \
    && install --directory --mode=1777 /app/var

WORKDIR /app
COPY infra/docker/platform.lock ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --no-deps --only-binary=:all: --require-hashes --requirement platform.lock

COPY MLproject conda.yaml pyproject.toml ./
COPY infra/production ./infra/production
COPY serving ./serving
COPY monitoring ./monitoring
COPY penstock ./penstock
COPY projects ./projects

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DO_NOT_TRACK=true
RUN python -m compileall -q serving monitoring penstock projects infra
USER 10001:10001
CMD ["python", "-m", "penstock.api"]
