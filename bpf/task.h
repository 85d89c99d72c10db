/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Who a task is, and to which cgroup it belongs. */
#ifndef TROUPE_BPF_TASK_H
#define TROUPE_BPF_TASK_H

#include "bpf/ring.h"

static __always_inline __u64 task_cgroup_id(struct task_struct *task)
{
	struct css_set *set = task->cgroups;

	if (config.cgroup_subsys < 0)
		return set->dfl_cgrp->kn->id;
	return set->subsys[config.cgroup_subsys & 31]->cgroup->kn->id;
}

static __always_inline bool is_leader(struct task_struct *task)
{
	return task->pid == task->tgid;
}

static __always_inline bool is_cgroup_excluded(__u64 cgroup)
{
	return config.only_cgroup && config.only_cgroup != cgroup;
}

static __always_inline bool is_cgroup_ignored(__u64 cgroup)
{
	__u32 *flags;

	if (is_cgroup_excluded(cgroup))
		return true;
	flags = bpf_map_lookup_elem(&cgroup_flags, &cgroup);
	return flags && (*flags & CGROUP_IGNORED);
}

static __always_inline bool is_l7_ignored(__u64 cgroup)
{
	__u32 *flags;

	if (is_cgroup_excluded(cgroup))
		return true;
	flags = bpf_map_lookup_elem(&cgroup_flags, &cgroup);
	return flags && (*flags & (CGROUP_IGNORED | CGROUP_NO_L7));
}

static __always_inline void fill_header(struct event_header *header, struct task_struct *leader,
					__u64 cgroup, enum event_kind kind, __u16 size)
{
	header->time_ns = bpf_ktime_get_boot_ns();
	header->cgroup_id = cgroup;
	header->start_boottime_ns = leader->start_boottime;
	header->pid = leader->tgid;
	header->kind = kind;
	header->size = size;
}

/* Every record of a process has these three behind its header. */
#define FILL_PERSON(record, leader)                                                                \
	do {                                                                                       \
		(record)->parent_pid = (leader)->real_parent->tgid;                                \
		(record)->uid = (leader)->real_cred->uid.val;                                      \
		bpf_probe_read_kernel_str((record)->comm, sizeof((record)->comm), (leader)->comm); \
	} while (0)

#endif
