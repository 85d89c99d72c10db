# SPDX-License-Identifier: Apache-2.0
"""End to end: the agent beside real dockerd and containerd.

    TROUPE=/path/to/troupe python3 -m unittest discover -v -s tests/e2e -t .

Needs root. Nothing is downloaded and nothing of the machine's own runtimes is touched: the daemons
run with their own folders and sockets, in a network and mount namespace made for the test. Some
faults need no daemon: cgroups with random names below /docker, processes on the loopback address,
and a simulated docker (harness/bare.py).
"""
