# SPDX-License-Identifier: Apache-2.0
"""Deadlines: every wait has one, and says what it waited for."""

import time


class DeadlineExceeded(AssertionError):
    """What was waited for did not happen in time."""


def wait_until(condition, seconds, what):
    """Calls condition() until it returns something true, and returns that.

    `what` finishes the sentence "waited N s for ..."; a callable is asked only on failure.
    """
    deadline = time.monotonic() + seconds
    pause = 0.005
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            text = what() if callable(what) else what
            raise DeadlineExceeded(f"waited {seconds:g} s for {text}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
