# syntax=docker/dockerfile:1

# The web app, when there is one: its result is web/dist.
FROM node:20-bookworm-slim AS web
WORKDIR /web
COPY web/ ./
RUN mkdir -p dist && if [ -f package.json ]; then npm ci --no-audit --no-fund && npm run build; fi

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
COPY --from=web /web/dist web/dist
# An empty folder would count as a web app; without one the placeholder page is built in.
RUN rmdir --ignore-fail-on-non-empty web/dist
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin anlao && cp target/release/anlao /anlao

FROM debian:bookworm-slim
# curl is for the health check below.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/anlao --create-home anlao
COPY --from=build /anlao /usr/local/bin/anlao
USER anlao
WORKDIR /var/lib/anlao
ENV ANLAO_LISTEN=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:8080/readyz"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["anlao"]
CMD ["serve"]
