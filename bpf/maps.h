/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * The maps that several objects use. shared_maps.bpf.c makes them; the loader puts its file
 * descriptors in place of the others'. Sizes are changed by the loader before that.
 */
#ifndef TROUPE_BPF_MAPS_H
#define TROUPE_BPF_MAPS_H

#include "bpf/kernel_types.h"
#include "bpf/event.h"

/* One FIFO for all kinds, so that order is kept. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, LOSS_REASON_COUNT *EVENT_KIND_COUNT);
} losses SEC(".maps");

/* enum cgroup_flag by cgroup id. Only user space writes, so elements can be made when needed. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32);
	__uint(max_entries, 8192);
} cgroup_flags SEC(".maps");

#endif
