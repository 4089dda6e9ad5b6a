# syntax=docker/dockerfile:1.7
# The gateway and the model servers: what scores, without what trains.
FROM python:3.11.15-slim-bookworm@sha256:d29f48a31a8b408ed19272ca1e7b10ebae13b240a27e862d3d4217c528e2e0c3

# LightGBM and XGBoost link against OpenMP, which the slim image leaves out.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /app penstock \
    && install --directory --mode=1777 /app/var

WORKDIR /app
COPY infra/docker/serving.lock ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --no-deps --only-binary=:all: --require-hashes --requirement serving.lock

COPY serving ./serving

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
RUN python -m compileall -q serving
USER 10001:10001
CMD ["python", "-m", "serving"]
