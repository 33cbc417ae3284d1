# One image for every role; CASENOTE_ROLES says which a container runs.
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv python3-dev gcc g++ cmake make nodejs npm \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /casenote
COPY Makefile pyproject.toml README.md LICENSE ./
COPY requirements requirements
COPY scripts scripts
COPY server server
COPY events events
COPY models models
COPY training training
COPY web web
RUN make setup

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends python3 libgomp1 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* && useradd --system --home-dir /var/lib/casenote --create-home casenote
COPY --from=build /casenote /casenote
WORKDIR /casenote
USER casenote
ENV CASENOTE_HOME=/var/lib/casenote PATH=/casenote/.venv/bin:$PATH
EXPOSE 8002
CMD ["casenote", "serve"]
