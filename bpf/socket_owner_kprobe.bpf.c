// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * Who uses an accepted socket, where the kernel has neither the tracepoints nor fentry (arm64
 * before 6.4, for one). The functions are those of socket_owner_fentry.bpf.c. The socket is nothing
 * but an address here, and no field of it is read: see accepted_sockets.h.
 */
#include "bpf/accepted_sockets.h"
#include <linux/ptrace.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline void tell_used(struct accepted_socket *accepted)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct event_header *header = &accepted->opened.header;
	struct tcp_connection *record;

	/* Not asked whether the cgroup is ignored: that map is not preallocated. The reader asks.
	 */
	fill_header(header, task->group_leader, task_cgroup_id(task), EVENT_TCP_OPENED,
		    sizeof(*record));
	if (is_cgroup_excluded(header->cgroup_id))
		return;
	record = reserve_record(EVENT_TCP_OPENED, sizeof(*record));
	if (!record)
		return;
	__builtin_memcpy(record, &accepted->opened, sizeof(*record));
	submit_record(record);
}

static __always_inline int socket_used(__u64 sk)
{
	struct accepted_socket *accepted = bpf_map_lookup_elem(&accepted_sockets, &sk);

	if (!accepted || accepted->state != USE_AWAITED)
		return 0;
	if (__sync_val_compare_and_swap(&accepted->state, USE_AWAITED, USE_CLAIMED) != USE_AWAITED)
		return 0;
	if (accepted->sk != sk) { /* closed meanwhile, and the element is another socket's */
		accepted->state = USE_AWAITED;
		return 0;
	}
	tell_used(accepted);
	accepted->state = USE_TOLD;
	return 0;
}

SEC("kprobe/tcp_sendmsg")
int socket_sent(struct pt_regs *ctx)
{
	return socket_used(PT_REGS_PARM1(ctx));
}

SEC("kprobe/tcp_recvmsg")
int socket_received(struct pt_regs *ctx)
{
	return socket_used(PT_REGS_PARM1(ctx));
}

SEC("?kprobe/tcp_sendpage")
int socket_page_sent(struct pt_regs *ctx)
{
	return socket_used(PT_REGS_PARM1(ctx));
}

SEC("?kprobe/tcp_splice_read")
int socket_spliced(struct pt_regs *ctx)
{
	struct socket *socket = (struct socket *)PT_REGS_PARM1(ctx);

	return socket_used((__u64)BPF_CORE_READ(socket, sk));
}
