// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/* No programs: an object that fails to load must not take the maps of the others with it. */
#include "bpf/l7_socket.h"
#include "bpf/maps.h"
#include "bpf/oom_victims.h"
#include "bpf/socket_storage.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
