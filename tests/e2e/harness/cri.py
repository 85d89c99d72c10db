# SPDX-License-Identifier: Apache-2.0
"""Pods without Kubernetes: a containerd with its CRI plugin, driven as a kubelet would."""

import contextlib
import functools
import hashlib
import io
import json
import os
import tarfile
import uuid

from tests.e2e.harness.daemons import Containerd
from tests.e2e.harness.images import root_filesystem
from tests.e2e.harness.processes import run
from tests.e2e.harness.sandbox import CGROUP_ROOT, remove_cgroups
from tests.e2e.harness.troupe_agent import troupe_path

APP_IMAGE = "docker.io/troupe-e2e/app:1"
PAUSE_IMAGE = "docker.io/troupe-e2e/pause:1"
# The kubelet's cgroups, as its cgroupfs driver names them.
PODS_CGROUP = "kubepods/besteffort"
_uids = []  # of all our pods

CONFIG = """\
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
address = "{socket}"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".cni]
conf_dir = "{folder}/cni"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.{gvisor}]
runtime_type = "io.containerd.runsc.v1"
"""

# The handler of pods that run as if in gVisor: under a shim with gVisor's name, which is runc's. For
# whoever looks at them from outside all that counts is the name.
GVISOR = "runsc"
SHIM = "/usr/bin/containerd-shim-runc-v2"


class CriContainerd(Containerd):
    """containerd as Kubernetes uses it. `socket` speaks both its own API and CRI."""

    def __init__(self, sandbox, name="containerd"):
        super().__init__(sandbox, name)
        self.config.write_text(CONFIG.format(folder=self.folder, socket=self.socket,
                                             pause=PAUSE_IMAGE, gvisor=GVISOR))
        self.shims = self.folder / "shims"
        self.shims.mkdir()
        (self.shims / "containerd-shim-runsc-v1").symlink_to(SHIM)

    def environment(self):
        return os.environ | {"PATH": f"{os.environ['PATH']}:{self.shims}"}

    def load_images(self):
        archive = self.folder / "images.tar"
        archive.write_bytes(_image_archive())
        self.ctr("-n", "k8s.io", "image", "import", archive)

    def order(self, *words, check=True):
        """One call to the CRI runtime; see tests/cri/cri_pod.cpp."""
        return run([cri_pod_path(), self.socket, *words], check=check)


@functools.cache
def cri_pod_path():
    path = troupe_path().parent / "tests" / "cri" / "troupe_cri_pod"
    if not path.is_file():
        raise AssertionError(f"{path}: not built; build with the tests")
    return path


class Pod:
    """One pod; ends with the test."""

    def __init__(self, case, name, *, namespace="shop", handler="", runtime=None):
        self.case, self.name, self.namespace = case, name, namespace
        self.runtime = runtime or case.containerd
        self.uid = str(uuid.uuid4())
        _uids.append(self.uid)
        self.cgroup = f"/{PODS_CGROUP}/pod{self.uid}"
        labels = {"io.kubernetes.pod.name": name, "io.kubernetes.pod.namespace": namespace,
                  "io.kubernetes.pod.uid": self.uid}
        self.settings = [f"name={name}", f"namespace={namespace}", f"uid={self.uid}",
                         f"cgroup={self.cgroup}", f"handler={handler}",
                         f"logs={self.runtime.folder}/logs/{name}",
                         *(f"label:{key}={value}" for key, value in labels.items())]
        self.labels = labels
        self.id = self._order("run-pod", *self.settings)
        case.addCleanup(self.remove)

    def create(self, name, *command, restarts=0, **settings):
        """Creates a container and does not start it; returns its id."""
        labels = self.labels | {"io.kubernetes.container.name": name}
        annotations = {"io.kubernetes.container.restartCount": str(restarts)}
        return self._order(
            "create", self.id, *self.settings, f"container={name}", f"image={APP_IMAGE}",
            f"attempt={restarts}",
            *(f"container-label:{key}={value}" for key, value in labels.items()),
            *(f"container-annotation:{key}={value}" for key, value in annotations.items()),
            *(f"{key}={value}" for key, value in settings.items()), "--", *command)

    def run(self, name, *command, **settings):
        """Creates and starts a container; returns its id."""
        container = self.create(name, *command, **settings)
        self._order("start", container)
        return container

    def remove(self):
        self.runtime.order("stop-pod", self.id, check=False)
        self.runtime.order("remove-pod", self.id, check=False)

    def pid(self, container):
        """The init process of a container, as containerd says."""
        for line in self.runtime.ctr("-n", "k8s.io", "tasks", "ls").stdout.splitlines():
            words = line.split()
            if words and words[0] == container:
                return int(words[1])
        raise AssertionError(f"containerd has no task {container}")

    def _order(self, *words):
        return self.runtime.order(*words).stdout.strip()


def remove_pod_cgroups():
    """What killed pods left; nobody else's."""
    for hierarchy in (CGROUP_ROOT, *CGROUP_ROOT.iterdir()):
        for uid in _uids:
            remove_cgroups(hierarchy / PODS_CGROUP / f"pod{uid}")
        with contextlib.suppress(OSError):  # Not there, or another's pods are in it.
            (hierarchy / PODS_CGROUP).rmdir()
            (hierarchy / PODS_CGROUP).parent.rmdir()


def _image_archive():
    """An archive as `docker save` makes them: two images of one layer, which differ in their
    command."""
    layer = root_filesystem()
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        manifest = []
        for name, command in ((APP_IMAGE, "/bin/sh"), (PAUSE_IMAGE, "/bin/pause")):
            config = json.dumps({
                "architecture": "amd64", "os": "linux", "config": {"Entrypoint": [command]},
                "rootfs": {"type": "layers",
                           "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
            }).encode()
            file = f"{hashlib.sha256(config).hexdigest()}.json"
            _add(archive, file, config)
            manifest.append({"Config": file, "RepoTags": [name], "Layers": ["layer.tar"]})
        _add(archive, "layer.tar", layer)
        _add(archive, "manifest.json", json.dumps(manifest).encode())
    return content.getvalue()


def _add(archive, name, content):
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
