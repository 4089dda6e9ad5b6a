# syntax=docker/dockerfile:1.7
# MLflow's server: registry, runs and artefacts, with sign-in.
FROM python:3.11.15-slim-bookworm@sha256:d29f48a31a8b408ed19272ca1e7b10ebae13b240a27e862d3d4217c528e2e0c3

RUN useradd --system --uid 10001 --user-group --home-dir /app penstock \
    && install --directory --owner=penstock --group=penstock /app \
    && install --directory --mode=1777 /scratch

WORKDIR /app
COPY infra/docker/mlflow.lock ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --no-deps --only-binary=:all: --require-hashes --requirement mlflow.lock

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DO_NOT_TRACK=true
USER 10001:10001
CMD ["mlflow", "server", "--help"]
