# SPDX-License-Identifier: Apache-2.0
#
# sta-server as an image: docker build -t sta-server . ; docker run -v STORE:/models -p 8001:8001 ...
# The root file system may be read-only; nothing is written but logs to standard error.

FROM debian:bookworm-slim AS build
WORKDIR /src
COPY scripts/install_dependencies.sh scripts/
RUN scripts/install_dependencies.sh --build-only
COPY . .
RUN cmake --preset release && \
    cmake --build --preset release --target sta-server stactl && \
    install -D -s build/release/server/sta-server /out/sta-server && \
    install -D -s build/release/client/stactl /out/stactl

# The Debian packages that hold the shared libraries of the two programs, found not guessed.
RUN ldd /out/sta-server /out/stactl | awk '$3 ~ "^/" {print $3}' | sort -u | \
    while read -r library; do \
      dpkg-query --search "$library" 2>/dev/null || dpkg-query --search "/usr$library"; \
    done | cut -d: -f1 | sort -u > /out/packages

FROM debian:bookworm-slim
COPY --from=build /out/packages /tmp/packages
RUN apt-get update && \
    xargs apt-get install --yes --no-install-recommends < /tmp/packages && \
    rm -rf /tmp/packages /var/lib/apt/lists/* && \
    groupadd --gid 10001 sta && \
    useradd --uid 10001 --gid sta --no-create-home --home-dir /nonexistent \
            --shell /usr/sbin/nologin sta && \
    install -d -o sta -g sta /models
COPY --from=build /out/sta-server /out/stactl /usr/local/bin/
USER 10001:10001
VOLUME /models
EXPOSE 8000 8001 8002
STOPSIGNAL SIGTERM
# With TLS the second one answers. Where clients need certificates, neither does: docs/security.md.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD stactl health --live --timeout 2s || stactl health --live --timeout 2s --tls-unverified
CMD ["sta-server", "--store", "/models", "--listen", "0.0.0.0:8001", "--http-listen", "0.0.0.0:8000", \
     "--metrics", "0.0.0.0:8002"]
