// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/* At start: the sockets that are older than the agent, with a process that has them open. */
#include "bpf/accepted_sockets.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline void tell_found_listen(struct seq_file *out, struct tcp_sock *tcp,
					      struct socket_storage *storage, __u64 now)
{
	struct tcp_listen record;

	fill_listen(&record, tcp, storage, now, EVENT_TCP_LISTEN_OPENED);
	storage->told = bpf_seq_write(out, &record, sizeof(record)) ? TOLD_NOT : TOLD;
}

static __always_inline void tell_found_connection(struct seq_file *out, struct tcp_sock *tcp,
						  struct socket_storage *storage, __u64 now)
{
	struct tcp_connection record;

	fill_connection(&record, tcp, storage, now, EVENT_TCP_OPENED, sizeof(record));
	storage->told = bpf_seq_write(out, &record, sizeof(record)) ? TOLD_NOT : TOLD;
}

/* Storage for a socket that has none, or whose owner we know only here. */
static __always_inline struct socket_storage *adopt(struct tcp_sock *tcp, int state,
						    struct task_struct *task)
{
	struct socket_storage *storage = find_storage(tcp);

	if (!storage) {
		storage = make_storage(tcp, EVENT_TCP_OPENED);
		if (!storage)
			return NULL;
		if (state == BPF_TCP_LISTEN)
			storage->flags = SOCKET_LISTENER | SOCKET_PREEXISTING;
		else if (state == BPF_TCP_SYN_SENT)
			storage->flags = SOCKET_OUTBOUND;
		else
			first_sight(tcp, storage);
	}
	end_awaiting(tcp, storage);
	if (!(storage->flags & SOCKET_OWNER_KNOWN))
		own_socket(storage, task);
	return storage;
}

/*
 * Every open file of every process. A socket that several have open (inherited over fork) is the
 * first one's, which is the eldest. What was opened since the other programs run has its storage
 * and its owner already.
 */
SEC("iter/task_file")
int socket_found(struct bpf_iter__task_file *ctx)
{
	struct seq_file *out = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	__u64 now = bpf_ktime_get_boot_ns();
	struct socket_storage *storage;
	struct tcp_sock *tcp;
	struct socket *socket;
	struct sock *sk;
	int state;

	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk)
		return 0;
	tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp)
		return 0;
	state = socket_state(tcp);
	if (state != BPF_TCP_LISTEN && state != BPF_TCP_SYN_SENT && !is_connected_state(state))
		return 0;
	storage = adopt(tcp, state, task);
	if (!storage || state == BPF_TCP_SYN_SENT || is_cgroup_ignored(storage->owner.cgroup_id))
		return 0;
	if (!claim_telling(storage))
		return 0;
	if (state == BPF_TCP_LISTEN)
		tell_found_listen(out, tcp, storage, now);
	else
		tell_found_connection(out, tcp, storage, now);
	return 0;
}
