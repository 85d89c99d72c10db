/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
#ifndef TROUPE_BPF_OOM_VICTIMS_H
#define TROUPE_BPF_OOM_VICTIMS_H

#include "bpf/kernel_types.h"

/* Processes that the OOM killer chose and that have not exited yet, by tgid. The entry goes when
 * the process does; LRU, for the case that its exit was missed. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, __u32);
	__type(value, __u64); /* CLOCK_BOOTTIME of the choice: a later process is not meant */
	__uint(max_entries, 128);
} oom_victims SEC(".maps");

#endif
