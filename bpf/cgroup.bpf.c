// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/* Cgroups come and go in the hierarchy that holds the containers, and processes move into them. */
#include "bpf/task.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline bool is_our_hierarchy(struct cgroup *cgroup)
{
	if (config.cgroup_subsys < 0)
		return cgroup->root->hierarchy_id == 0;
	return cgroup->root->subsys_mask & (1u << (config.cgroup_subsys & 31));
}

static __always_inline void fill_cgroup_header(struct cgroup_event *record, struct cgroup *cgroup,
					       enum event_kind kind, __u16 size)
{
	struct task_struct *current = (struct task_struct *)bpf_get_current_task();

	record->header.time_ns = bpf_ktime_get_boot_ns();
	record->header.cgroup_id = cgroup->kn->id;
	record->header.start_boottime_ns = BPF_CORE_READ(current, group_leader, start_boottime);
	record->header.pid = bpf_get_current_pid_tgid() >> 32;
	record->header.kind = kind;
	record->header.size = size;
	record->path_size = 0;
	record->path_truncated = 0;
	__builtin_memset(record->pad, 0, sizeof(record->pad));
}

/*
 * cgroup_mkdir() -> trace_cgroup_mkdir(): the directory has its inode number and is not visible
 * yet, so this comes before the first process can enter. The path is made only because we listen.
 */
SEC("tp_btf/cgroup_mkdir")
int cgroup_created(__u64 *ctx)
{
	struct cgroup *cgroup = (struct cgroup *)ctx[0];
	const char *path = (const char *)ctx[1];
	struct cgroup_event *record;
	char *copy;
	long size;

	if (!is_our_hierarchy(cgroup) || is_cgroup_excluded(cgroup->kn->id))
		return 0;
	record = reserve_record(EVENT_CGROUP_CREATED, sizeof(*record) + EVENT_PATH_MAX);
	if (!record)
		return 0;
	copy = (char *)(record + 1);
	__builtin_memset(copy, 0, EVENT_PATH_MAX);
	size = bpf_probe_read_kernel_str(copy, EVENT_PATH_MAX, path) - 1; /* without the NUL */
	if (size < 0)
		size = 0;
	fill_cgroup_header(record, cgroup, EVENT_CGROUP_CREATED,
			   sizeof(*record) + ((size + 7) & ~7));
	record->path_size = size;
	record->path_truncated = size == EVENT_PATH_MAX - 1;
	submit_record(record);
	return 0;
}

/* cgroup_rmdir() -> trace_cgroup_rmdir(): no process is in it any more; sockets may outlive it. */
SEC("tp_btf/cgroup_rmdir")
int cgroup_removed(__u64 *ctx)
{
	struct cgroup *cgroup = (struct cgroup *)ctx[0];
	struct cgroup_event *record;

	if (!is_our_hierarchy(cgroup) || is_cgroup_excluded(cgroup->kn->id))
		return 0;
	record = reserve_record(EVENT_CGROUP_REMOVED, sizeof(*record));
	if (!record)
		return 0;
	fill_cgroup_header(record, cgroup, EVENT_CGROUP_REMOVED, sizeof(*record));
	submit_record(record);
	return 0;
}

/*
 * The kernel passes over threads that exit, and tells of a move all the same, perhaps after the
 * process's end was told. Whoever is not exiting now has been moved, and ends after this: writers
 * of cgroup.procs hold cgroup_threadgroup_rwsem, which exit_signals() takes to set PF_EXITING.
 * Threads may outlive their leader: then they have been moved.
 */
static __always_inline bool is_ending(struct task_struct *leader)
{
	struct signal_struct *signal = leader->signal;

	return (leader->flags & PF_EXITING) &&
	       (signal->nr_threads == 1 || (signal->flags & SIGNAL_GROUP_EXIT));
}

/*
 * cgroup_attach_task() -> trace_cgroup_attach_task(): after the migration. A v1 `tasks` file moves
 * single threads: only the leader's move takes the process along. Never filtered by flags: who
 * leaves a container for a cgroup that nobody wants has left it all the same.
 */
SEC("tp_btf/cgroup_attach_task")
int process_moved(__u64 *ctx)
{
	struct cgroup *to = (struct cgroup *)ctx[0];
	struct task_struct *task = (struct task_struct *)ctx[2];
	struct process_moved *record;

	if (!is_our_hierarchy(to) || !is_leader(task) || is_cgroup_excluded(to->kn->id))
		return 0;
	if (is_ending(task))
		return 0;
	record = reserve_record(EVENT_PROCESS_MOVED, sizeof(*record));
	if (!record)
		return 0;
	fill_header(&record->header, task, to->kn->id, EVENT_PROCESS_MOVED, sizeof(*record));
	FILL_PERSON(record, task);
	submit_record(record);
	return 0;
}
