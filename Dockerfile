# SPDX-License-Identifier: Apache-2.0
#
# sta-server as an image: docker build -t sta-server . ; docker run -v STORE:/models -p 8001:8001 ...
# No shell, no root; the root file system may be read-only: nothing is written but the store and logs
# to standard error. Models are in the volume /models, or baked in: --build-arg MODELS=models, a
# folder of this one with NAME/VERSION/ in it.

FROM debian:bookworm-slim AS build
WORKDIR /src
COPY scripts/install_dependencies.sh scripts/
RUN scripts/install_dependencies.sh --build-only
# One by one, so that a change of models or of deploy/ compiles nothing.
COPY CMakeLists.txt CMakePresets.json ./
COPY accel accel/
COPY bench bench/
COPY checksum checksum/
COPY client client/
COPY cmake cmake/
COPY histogram histogram/
COPY model_store model_store/
COPY proto proto/
COPY server server/
COPY strings strings/
# dev is optimized, too, and keeps assertions.
ARG PRESET=release
RUN --mount=type=cache,target=/root/.cache/ccache \
    cmake --preset "$PRESET" -DBUILD_TESTING=OFF && \
    cmake --build "build/$PRESET" --target sta-server stactl sta_xrt && \
    cmake --install "build/$PRESET" --strip --prefix /out/usr/local --component server && \
    cmake --install "build/$PRESET" --strip --prefix /out/usr/local --component xrt

# XRT's driver is loaded by its name.
COPY deploy/image/needed_packages.sh /
RUN /needed_packages.sh /out/usr/local/bin/* /out/usr/local/lib/sta/* \
      /usr/lib/x86_64-linux-gnu/libxrt_core.so.2 > /out/packages && \
    dpkg-query --search /usr/lib/x86_64-linux-gnu/libxrt_core.so.2 | cut -d: -f1 >> /out/packages

FROM debian:bookworm-slim AS root
ARG SOURCE_DATE_EPOCH=0
COPY deploy/image/make_root.sh /
COPY --from=build /out/packages /packages
RUN SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" /make_root.sh /root-of-image /packages

FROM debian:bookworm-slim AS models
ARG MODELS=deploy/image/no-models
COPY ${MODELS}/ /models/
RUN rm -f /models/.keep

FROM scratch
COPY --from=root /root-of-image/ /
COPY --from=build /out/usr/local/ /usr/local/
COPY --from=models --chown=10001:10001 /models/ /models/
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="sta-server" \
      org.opencontainers.image.description="A gRPC server for N:M-sparse Transformer encoders" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
ENV PATH=/usr/local/bin
USER 10001:10001
VOLUME /models
EXPOSE 8000 8001 8002
STOPSIGNAL SIGTERM
# With TLS the second question is answered. Where clients need certificates, neither is:
# docs/security.md.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["stactl", "health", "--live", "--timeout", "2s", "--or-tls"]
CMD ["sta-server", "--store", "/models", "--listen", "0.0.0.0:8001", "--http-listen", "0.0.0.0:8000", \
     "--metrics", "0.0.0.0:8002"]
