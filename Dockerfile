# SPDX-License-Identifier: Apache-2.0
# The agent's image. `./dev image` builds it; the package lists are those of ./dev.

FROM debian:bookworm AS builder
WORKDIR /troupe
COPY dev ./
RUN ./dev install build
COPY . ./
RUN cmake --preset release -DTROUPE_TESTS=OFF \
 && cmake --build --preset release --target troupe \
 && install -D --strip build/release/troupe /image/usr/bin/troupe \
 && install -D --mode=644 LICENSE /image/usr/share/doc/troupe/copyright

FROM debian:bookworm-slim
COPY dev /tmp/dev
# No shell is left, nor what installs one: what breaks into the agent finds nothing to run.
RUN /tmp/dev install runtime \
 && find /usr/share/doc /usr/share/man /usr/share/locale -type f ! -name copyright -delete \
 && rm -rf /var/lib/apt/lists /var/cache/apt /var/cache/debconf /var/log/*.log /var/log/apt /tmp/dev \
 && rm -f /usr/bin/apt* /usr/bin/dpkg* /usr/bin/perl* /usr/bin/bash /usr/bin/dash /usr/bin/sh
COPY --from=builder /image/ /
ENTRYPOINT ["/usr/bin/troupe"]
CMD ["agent", "--listen", "0.0.0.0:9912"]
EXPOSE 9912
