#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What p99 a single device can have at the best at a load, simulated: queue_model.py [--load 0.8].

Requests of 16 to 128 tokens come at random (Poisson) and are computed one after the other, each in
time for its tokens and nothing else: no network, no batch to wait for, no thread that is elsewhere.
Then the same in batches of all that waits, each with a fixed time beside that of its tokens. Prints
p50 and p99 in times of what a request of mean length takes alone.
"""

from __future__ import annotations

import argparse
import random

TOKENS = (16, 128)
MEAN_TOKENS = sum(TOKENS) / 2


def latencies(load: float, fixed: float, in_batches: bool, requests: int) -> list[float]:
    """Sorted, in units of the time of a request of mean length without `fixed`."""
    source = random.Random(1)
    now, arrivals = 0.0, []
    for _ in range(requests):
        now += source.expovariate(load)
        arrivals.append((now, source.randint(*TOKENS) / MEAN_TOKENS))
    done, first, found = 0.0, 0, []
    while first < requests:
        done = max(done, arrivals[first][0])
        last = first + 1
        while in_batches and last < requests and arrivals[last][0] <= done:
            last += 1
        done += fixed + sum(work for _, work in arrivals[first:last])
        found += [done - arrival for arrival, _ in arrivals[first:last]]
        first = last
    return sorted(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--load", type=float, default=0.8, help="of the capacity, under 1")
    parser.add_argument("--requests", type=int, default=200_000)
    options = parser.parse_args()
    if not 0 < options.load < 1 or options.requests < 100:
        parser.error("--load is over 0 and under 1, --requests at least 100")
    for name, fixed, in_batches in (
        ("one by one", 0.0, False),
        ("in batches", 0.0, True),
        ("in batches, each 0.35 of a request beside", 0.35, True),
    ):
        found = latencies(options.load, fixed, in_batches, options.requests)
        p50, p99 = (found[int(len(found) * part)] / (1 + fixed) for part in (0.5, 0.99))
        print(f"{name:<44} p50 {p50:5.1f}  p99 {p99:5.1f} times a request alone")


if __name__ == "__main__":
    main()
