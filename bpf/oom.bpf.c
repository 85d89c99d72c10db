// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/* Which processes the OOM killer chose: told with their exit. */
#include "bpf/task.h"
#include "bpf/oom_victims.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/*
 * mark_oom_victim() -> trace_mark_victim(): for global and cgroup OOM alike and for every process
 * that shares the victim's memory, before SIGKILL is sent. Until 6.8 the tracepoint gave the pid
 * of a thread of the victim (its leader but in rare cases), since then the task.
 */
SEC("tp_btf/mark_victim")
int oom_victim_chosen(__u64 *ctx)
{
	__u64 now = bpf_ktime_get_boot_ns();
	__u32 tgid;

	if (config.mark_victim_has_task)
		tgid = ((struct task_struct *)ctx[0])->tgid;
	else
		tgid = (__u32)ctx[0];
	bpf_map_update_elem(&oom_victims, &tgid, &now, BPF_ANY);
	return 0;
}
