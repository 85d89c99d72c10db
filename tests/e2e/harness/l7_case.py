# SPDX-License-Identifier: Apache-2.0
"""The base of the protocols' tests: a server and a client in two containers, and what an agent and
a trace have to say of them.

    class Redis(L7TestCase):
        PROTOCOL, PORT = "redis", 6379

        def test_every_command_is_counted_on_both_sides(self):
            self.server.start("/usr/bin/redis-server", "--port", self.PORT, ...)
            self.server.wait_for_port(self.PORT)
            self.watch(lambda: self.client.run("/usr/bin/redis-cli", "-h", ..., "ECHO", "ready"))
            ...                                                   # traffic in exact numbers
            self.check_counted({"ok": 100, "failed": 3})          # on both sides
            self.check_traced({("GET", "ok"): 100, ("INCR", "failed"): 3})

Agents see all containers of the machine, also those of other tests: what is judged here is only
what is said of our own.
"""

import collections
import datetime
import pathlib
import shutil
import tempfile
import time

from tests.e2e.harness.case import RuntimeTestCase
from tests.e2e.harness.host_programs import PYTHON, WORK, HostPrograms
from tests.e2e.harness.images import PROGRAMS
from tests.e2e.harness.waiting import wait_until

# Until what was said is counted, on a machine that is busy with other tests.
SETTLE_SECONDS = 20
READY_SECONDS = 30
# There the agent may not run for a while, either.
RING = ("--ring-bytes", "16MiB", "--pending-bytes-max", "64MiB")
PROXY_PORT = 7000
COUNTERS = ("_requests_total", "_queries_total", "_messages_total")

Side = collections.namedtuple("Side", "container inbound address")
Side.__doc__ = """Who counts: a container that was asked at, or asked, `address` ("1.2.3.4:80")."""


def expected_of(modes, traffic):
    """What a program makes that is told MODE=COUNT...: of each mode `modes` says what it makes
    once, and what so many times. {(operation, outcome): how many}"""
    expected = collections.Counter()
    for mode, count in traffic.items():
        once, each = modes[mode]
        expected.update(once)
        expected.update({operation: n * count for operation, n in each.items()})
    return expected


def by_outcome(expected):
    outcomes = collections.Counter()
    for (_, outcome), n in expected.items():
        outcomes[outcome] += n
    return outcomes


def bytes_by_operation(events):
    """Of all answers of a trace."""
    result = collections.Counter()
    for event in events:
        result[event["operation"], event["outcome"]] += event["response_bytes"]
    return result


def now_text():
    """As the trace tells times."""
    seconds, rest = divmod(time.time_ns(), 10**9)
    return f"{datetime.datetime.utcfromtimestamp(seconds).isoformat()}.{rest:09}Z"


class L7TestCase(RuntimeTestCase):
    PROTOCOL = ""  # As in metric names, and in the trace.
    FAMILY = BYTES = None  # Likewise, where families or bytes are counted as something else.
    WHAT = "queries"  # Or "requests", "messages": what its families count.
    PORT = 0
    QUIET = ()  # Operations whose answer may be that there is none.
    PACKAGES = ()  # Folders that the harness' packages made, for all containers.

    def setUp(self):
        self.agent = self.trace = None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="l7-", dir=self.sandbox.folder))
        self.folder.chmod(0o755)  # Servers that are not root look into it, too.
        self.server = self.start_container("server")
        self.client = self.start_container("client")

    def start_container(self, role):
        """One more that sees our folder, named for this sandbox: others run beside us."""
        return HostPrograms(self, f"{role}-{self.sandbox.folder.name}", self.folder,
                            self.PACKAGES)

    def copy_programs(self, *names):
        """Programs of tests/e2e/programs, into /work of the containers."""
        for name in ("modes.py", *names):
            shutil.copy(PROGRAMS / name, self.folder)

    @property
    def address(self):
        return f"{self.server.address}:{self.PORT}"

    def sides(self):
        """Who counts, unless a test says otherwise."""
        return (Side(self.client, False, self.address), Side(self.server, True, self.address))

    def watch(self, ready, *options, sides=None):
        """From here on every request is seen. `ready()` makes one that succeeds, any number of
        times, on a connection that it closes: what it says is not among what is looked at below.
        """
        sides = sides or self.sides()
        names = {side.container.name for side in sides}
        # Events of containers that only other tests' runtimes know are lost to us.
        self.trace = self.start_trace("l7", *RING, "--allow-loss",
                                      *(x for name in names for x in ("-c", name)))

        def shows_all():
            ready()
            events = self.trace.events()
            return all(self._events_of(side, events) for side in sides)

        wait_until(shows_all, READY_SECONDS, "the trace to show a request on all sides")
        self.since = now_text()
        self.agent = self.start_agent("--l7", *RING, *options)

    def start_byte_proxy(self):
        """Between the client and the server from here on: each byte is a send of its own. Returns
        all four who count: `ready` of watch(), checks and the client's program go to `address`
        of the first."""
        self.copy_programs("byte_proxy.py")
        proxy = self.start_container("proxy")
        proxy.start(PYTHON, f"{WORK}/byte_proxy.py", PROXY_PORT, self.server.address, self.PORT)
        proxy.wait_for_port(PROXY_PORT)
        address = f"{proxy.address}:{PROXY_PORT}"
        return (Side(self.client, False, address), Side(proxy, True, address),
                Side(proxy, False, self.address), Side(self.server, True, self.address))

    def is_own_talk(self, address):
        """A server talks to itself there: that is not looked at."""
        return False

    # --- metrics

    def family(self, inbound):
        name = self.FAMILY or self.PROTOCOL
        return f"container_{name}_{'inbound_' if inbound else ''}{self.WHAT}_total"

    @staticmethod
    def labels(side):
        return {"container_id": side.container.container_id,
                "listen_addr" if side.inbound else "destination": side.address}

    def counts(self, metrics, side, by=("status",)):
        """How many by status, or by several labels."""
        result = collections.Counter()
        for labels, value in metrics.series(self.family(side.inbound), **self.labels(side)):
            key = tuple(labels[x] for x in by)
            result[key[0] if len(key) == 1 else key] += int(value)
        return result

    def check_counted(self, expected, *, by=("status",), sides=None, unanswered=0,
                      not_understood=()):
        """Exactly these, on all sides, and nothing else of these containers; `unanswered` of them
        have no duration. Bytes of the protocol are understood but for these reasons, which other
        tests on this machine may add to. Returns the scrape."""
        expected = collections.Counter(expected)
        sides = sides or self.sides()
        metrics = self.agent.wait_for(
            lambda m: all(self.counts(m, x).total() >= expected.total() for x in sides),
            SETTLE_SECONDS, lambda m: f"{dict(expected)} on all sides, which have "
                                      f"{[dict(self.counts(m, x, by)) for x in sides]}")
        for side in sides:
            with self.subTest(side.container.name, inbound=side.inbound):
                self.assertEqual(self.counts(metrics, side, by), expected)
                self._check_durations(metrics, side, expected.total() - unanswered)
        self._check_nothing_else(metrics, sides)
        self._check_understood(metrics, not_understood)
        return metrics

    def _check_durations(self, metrics, side, answered):
        family = self.family(side.inbound).replace("_total", "_duration_seconds_total")
        labels = self.labels(side)
        self.assertEqual(metrics.value(f"{family}_count", **labels), answered)
        if answered:
            self.assertGreater(metrics.value(f"{family}_sum", **labels), 0)

    def _check_nothing_else(self, metrics, sides):
        """Neither in another protocol, nor at another place, nor on the wrong side."""
        ids = {side.container.container_id for side in sides}
        ids |= {self.client.container_id, self.server.container_id}
        counted = set()
        for family in metrics.samples:
            if family.startswith("container_") and family.endswith(COUNTERS):
                for labels, _ in metrics.series(family):
                    address = labels.get("destination") or labels.get("listen_addr")
                    if labels["container_id"] in ids and not self.is_own_talk(address):
                        counted.add((family, labels["container_id"], address))
        self.assertEqual(counted, {(self.family(side.inbound), side.container.container_id,
                                    side.address) for side in sides})

    def _check_understood(self, metrics, not_understood):
        spoken = self.BYTES or self.PROTOCOL
        self.assertGreater(metrics.value("troupe_payload_bytes_total", protocol=spoken), 0)
        unparsed = {labels["reason"]: value for labels, value in
                    metrics.series("troupe_payload_unparsed_bytes_total", protocol=spoken)
                    if value and labels["reason"] not in not_understood}
        self.assert_nothing_lost(metrics)
        self.assertEqual(unparsed, {})

    # --- trace

    @staticmethod
    def _events_of(side, events):
        return [x for x in events if x["container_id"] == side.container.container_id
                and x["direction"] == ("inbound" if side.inbound else "outbound")
                and x["dst"] == side.address]

    def traced(self, side, events):
        """The events of one side since the watch began."""
        return [x for x in self._events_of(side, events) if x["time"] >= self.since]

    def check_traced(self, expected, *, of=("operation", "outcome"), sides=None):
        """Exactly these, by some of their fields, on all sides. Ends the trace; returns the
        events of each side."""
        expected = collections.Counter(expected)
        sides = sides or self.sides()

        def difference(events):
            told = collections.Counter(tuple(x[name] for name in of) for x in events)
            return f"missing {dict(expected - told)}, too many {dict(told - expected)}"

        told = self.finish_trace(expected.total(), difference, sides)
        for side, events in zip(sides, told):
            with self.subTest(side.container.name, inbound=side.inbound):
                self.assertEqual(difference(events), "missing {}, too many {}")
        return told

    def finish_trace(self, total, summary=len, sides=None):
        """Ends the trace once it told of so many on all sides; returns the events of each side.
        `summary` of them is shown where there are fewer."""
        sides = sides or self.sides()
        wait_until(lambda: all(len(self.traced(x, self.trace.events())) >= total for x in sides),
                   SETTLE_SECONDS, lambda: f"{total} requests, got "
                   f"{[summary(self.traced(x, self.trace.seen())) for x in sides]}")
        code, events, talk = self.trace.finish()
        self.assertEqual(code, 0, talk)
        for side in sides:
            with self.subTest(side.container.name, inbound=side.inbound):
                for event in self.traced(side, events):
                    self._check_event(side, event)
        ids = {side.container.container_id for side in sides}
        self.assertEqual(sum(x["container_id"] in ids and not self.is_own_talk(x["dst"])
                             for x in events),
                         sum(len(self._events_of(x, events)) for x in sides))
        return [self.traced(side, events) for side in sides]

    def _check_event(self, side, event):
        self.assertEqual(event["protocol"], self.PROTOCOL, event)
        self.assertEqual(event["peer"], event["src"] if side.inbound else event["dst"], event)
        if not side.inbound:
            self.assertEqual(event["src"].rpartition(":")[0], side.container.address, event)
        if event["outcome"] != "unknown":
            self.assertGreater(event["duration_ns"], 0, event)
            self.assertGreaterEqual(event["response_bytes"], event["operation"] not in self.QUIET,
                                    event)
        self.assertGreater(event["request_bytes"], 0, event)
