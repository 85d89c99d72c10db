# SPDX-License-Identifier: Apache-2.0
"""Java's programs in containers: small, and quick to start rather than to run."""

from tests.e2e.harness.packages import java, java_mounts, java_program, package_folder

# The compiler that is quick to start, and no threads of a garbage collector.
_OPTIONS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData")


class JavaProgram:
    """A package of tests/e2e/packages with a pom.xml."""

    def __init__(self, name):
        self.class_path = java_program(name)
        # What containers have to see of this machine.
        self.mounts = (package_folder(name), *java_mounts())

    def command(self, main, *arguments, heap="256m", options=(), first_on_path=()):
        """For HostPrograms.run() and start()."""
        path = ":".join([*first_on_path, self.class_path])
        return (java(), f"-Xmx{heap}", *_OPTIONS, *options, "-cp", path, main, *arguments)
