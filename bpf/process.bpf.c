// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * Processes begin, execute and end. Threads do not count.
 *
 * The programs are attached in the order of this file. The exit's is the first: a process that was
 * told of and whose end passes before anybody listens for it would be believed alive for ever. An
 * end of which the beginning was not told harms nobody.
 *
 * Somebody may move a process at any time. Where it is is read again when its record has its place
 * in the ring: a move that is not seen then is told behind it.
 */
#include "bpf/task.h"
#include "bpf/oom_victims.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Groups whose end was told, where the kernel does not say which thread is the last. */
struct group_key {
	__u64 start_boottime_ns;
	__u64 tgid;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct group_key);
	__type(value, __u8);
	__uint(max_entries, 1024);
} ended_groups SEC(".maps");

/* True once a thread group: its last thread can be several, when they die at the same time. */
static __always_inline bool is_group_end(struct task_struct *task)
{
	struct group_key key = {};
	__u8 told = 1;

	if (task->signal->live.counter != 0)
		return false;
	key.tgid = task->tgid;
	key.start_boottime_ns = task->group_leader->start_boottime;
	/* Alone now: but another thread, which is gone already, may have told while it was here. */
	if (task->signal->nr_threads == 1)
		return !bpf_map_lookup_elem(&ended_groups, &key);
	return bpf_map_update_elem(&ended_groups, &key, &told, BPF_NOEXIST) == 0;
}

static __always_inline bool was_oom_victim(struct task_struct *leader)
{
	__u32 tgid = leader->tgid;
	__u64 *chosen_ns = bpf_map_lookup_elem(&oom_victims, &tgid);
	bool killed;

	if (!chosen_ns)
		return false;
	killed = *chosen_ns >= leader->start_boottime;
	bpf_map_delete_elem(&oom_victims, &tgid);
	return killed;
}

/*
 * do_exit() -> trace_sched_process_exit(): signal->live is counted down and exit_code set before,
 * cgroup_exit() comes after: the cgroup is still the process's own. Its sockets close later.
 */
SEC("tp_btf/sched_process_exit")
int process_exited(__u64 *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];
	struct task_struct *leader = task->group_leader;
	struct process_exited *record;
	__u64 cgroup;
	bool oom_killed;
	int status;

	if (config.exit_has_group_dead ? !ctx[1] : !is_group_end(task))
		return 0;
	if (leader->flags & PF_KTHREAD)
		return 0;
	oom_killed = was_oom_victim(leader);
	cgroup = task_cgroup_id(task);
	if (is_cgroup_ignored(cgroup))
		return 0;
	record = reserve_record(EVENT_PROCESS_EXITED, sizeof(*record));
	if (!record)
		return 0;
	fill_header(&record->header, leader, cgroup, EVENT_PROCESS_EXITED, sizeof(*record));
	FILL_PERSON(record, leader);
	/* As wait4() reports it, see wait_task_zombie(). */
	status = task->signal->flags & SIGNAL_GROUP_EXIT ? task->signal->group_exit_code
							 : leader->exit_code;
	record->exit_code = (status >> 8) & 0xff;
	record->signal = status & 0x7f;
	record->core_dumped = (status & 0x80) != 0;
	record->oom_killed = oom_killed;
	record->pad = 0;
	submit_record(record);
	return 0;
}

/*
 * kernel_clone() -> trace_sched_process_fork(): after copy_process(), so the child has its pid,
 * its start time and, with CLONE_INTO_CGROUP, its cgroup; before it runs.
 */
SEC("tp_btf/sched_process_fork")
int process_forked(__u64 *ctx)
{
	struct task_struct *forker = (struct task_struct *)ctx[0];
	struct task_struct *child = (struct task_struct *)ctx[1];
	struct process_forked *record;
	__u64 cgroup;

	if (!is_leader(child) || (child->flags & PF_KTHREAD))
		return 0;
	cgroup = task_cgroup_id(child);
	if (is_cgroup_ignored(cgroup))
		return 0;
	record = reserve_record(EVENT_PROCESS_FORKED, sizeof(*record));
	if (!record)
		return 0;
	fill_header(&record->header, child, task_cgroup_id(child), EVENT_PROCESS_FORKED,
		    sizeof(*record));
	FILL_PERSON(record, child);
	record->parent_pid = forker->tgid;
	record->parent_start_boottime_ns = forker->group_leader->start_boottime;
	submit_record(record);
	return 0;
}

static __always_inline void fill_executed(struct process_executed *record, struct task_struct *task,
					  __u32 wanted, __u32 room)
{
	char *argv = (char *)(record + 1);
	__u32 size = wanted < room ? wanted : room;
	__u32 padded;

	/* The verifier wants to see the bound on the very register that is used. */
	asm volatile("" : "+r"(size));
	if (size > room)
		size = room;
	padded = (size + 7) & ~7u;
	/* The last word, before argv's end is put into it. A mask, because `room` is a power of two
	 * and older verifiers do not carry a comparison over to another register. */
	*(__u64 *)(argv + ((size - 1) & (room - 8))) = 0;
	if (size && bpf_probe_read_user(argv, size, (void *)task->mm->arg_start)) {
		size = 0; /* the page is swapped out: say that something is missing */
		padded = 0;
	}
	record->argv_size = size;
	record->argv_truncated = size < wanted;
	__builtin_memset(record->pad, 0, sizeof(record->pad));
	fill_header(&record->header, task, task_cgroup_id(task), EVENT_PROCESS_EXECUTED,
		    sizeof(*record) + padded);
	FILL_PERSON(record, task);
}

/* The ring takes sizes that are known when the program is verified: a few classes. */
#define EMIT_EXECUTED(room)                                                                        \
	do {                                                                                       \
		struct process_executed *record =                                                  \
			reserve_record(EVENT_PROCESS_EXECUTED, sizeof(*record) + (room));          \
		if (!record)                                                                       \
			return 0;                                                                  \
		fill_executed(record, task, wanted, room);                                         \
		submit_record(record);                                                             \
	} while (0)

/*
 * exec_binprm() -> trace_sched_process_exec(): the new image is in place, so mm->arg_start is the
 * new argv, still in the pages that the kernel just wrote; other threads are gone already.
 */
SEC("tp_btf/sched_process_exec")
int process_executed(__u64 *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];
	__u64 cgroup = task_cgroup_id(task);
	__u32 wanted = task->mm->arg_end - task->mm->arg_start;

	if (is_cgroup_ignored(cgroup))
		return 0;
	if (wanted <= 64)
		EMIT_EXECUTED(64);
	else if (wanted <= 256)
		EMIT_EXECUTED(256);
	else
		EMIT_EXECUTED(EVENT_ARGV_MAX);
	return 0;
}
