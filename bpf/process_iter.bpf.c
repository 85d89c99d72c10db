// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/* At start, and after a lifecycle event was lost: the processes that there are. */
#include "bpf/task.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/*
 * Leaders only, and only as long as a thread of the group lives: the time is taken before that is
 * looked at, so an exit that is under way comes later in time than what is written here.
 */
SEC("iter/task")
int process_found(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct process_found record = {};
	__u64 cgroup;

	if (!task || !is_leader(task) || (task->flags & PF_KTHREAD))
		return 0;
	cgroup = task_cgroup_id(task);
	if (is_cgroup_ignored(cgroup))
		return 0;
	fill_header(&record.header, task, cgroup, EVENT_PROCESS_FOUND, sizeof(record));
	if (task->signal->live.counter == 0)
		return 0;
	FILL_PERSON(&record, task);
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
