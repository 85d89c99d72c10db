# SPDX-License-Identifier: Apache-2.0
"""The base of the tests of protocols with messages, which are produced and consumed."""

import collections

from tests.e2e.harness.l7_case import L7TestCase, expected_of

PRODUCE, CONSUME, NO_MESSAGE = "produce", "consume", ""


class MessagesTestCase(L7TestCase):
    WHAT = "messages"
    # What the modes of the client's program make: once, and as often as they are told to;
    # (operation, method, outcome) -> how many.
    MODES = {}

    def check_messages(self, traffic, *, sides=None, not_understood=()):
        """All of the traffic, in metrics and in the trace."""
        expected = expected_of(self.MODES, traffic)
        counted, unanswered = collections.Counter(), 0
        for (_, method, outcome), n in expected.items():
            if method != NO_MESSAGE:
                counted[method, outcome] += n
                unanswered += n if outcome == "unknown" else 0
        metrics = self.check_counted(counted, by=("method", "status"), sides=sides,
                                     unanswered=unanswered, not_understood=not_understood)
        self.check_traced(expected, of=("operation", "method", "outcome"), sides=sides)
        return metrics

    def _check_event(self, side, event):
        if event["method"] == PRODUCE and event["request_bytes"]:
            return super()._check_event(side, event)
        # Nobody answers what was delivered; of an error one may not know what it answers.
        self.assertEqual(event["protocol"], self.PROTOCOL, event)
        self.assertEqual(event["peer"], event["src"] if side.inbound else event["dst"], event)
        self.assertGreater(event["response_bytes"], 0, event)
