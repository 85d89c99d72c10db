// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * TCP sockets from their first to their last state. Owner of what they do is the process that
 * connected or listened; for an accepted socket the one that uses it first
 * (socket_owner_*.bpf.c).
 */
#include "bpf/socket_close.h"
#include "bpf/socket_listen.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* tcp_v[46]_connect(), in the caller of connect() or of sendmsg(MSG_FASTOPEN). The local port may
 * not be chosen yet. */
static __always_inline void connect_started(struct tcp_sock *tcp)
{
	struct socket_storage *storage = make_storage(tcp, EVENT_TCP_OPENED);

	if (!storage)
		return;
	own_socket(storage, bpf_get_current_task_btf());
	storage->flags = SOCKET_OUTBOUND | SOCKET_OWNER_KNOWN;
	storage->connect_started_ns = bpf_ktime_get_boot_ns();
}

/* inet_csk_clone_lock(): the child of a listener, with a copy of the listener's storage. From the
 * listener's half of the handshake, so in no process of ours. */
static __always_inline void accept_started(struct tcp_sock *tcp)
{
	struct socket_storage *storage = find_storage(tcp);

	if (!storage)
		return;
	storage->flags = 0; /* the owner is provisional */
	storage->told = TOLD_NOT;
}

/* From now on a kprobe finds it. */
static __noinline void await_use(struct tcp_sock *tcp, struct socket_storage *storage)
{
	struct accepted_socket accepted = {};
	__u64 key = (__u64)tcp;

	accepted.sk = key;
	fill_connection(&accepted.opened, tcp, storage, 0, EVENT_TCP_OPENED,
			sizeof(accepted.opened));
	bpf_map_update_elem(&accepted_sockets, &key, &accepted, BPF_ANY);
}

static __always_inline void established(struct tcp_sock *tcp, int old)
{
	struct socket_storage *storage = find_storage(tcp);
	__u64 now = bpf_ktime_get_boot_ns();

	if (!storage) { /* the listener, or the connect, was not seen */
		storage = make_storage(tcp, EVENT_TCP_OPENED);
		if (!storage)
			return;
		storage->flags = old == BPF_TCP_SYN_SENT ? SOCKET_OUTBOUND : 0;
	}
	if (storage->flags & SOCKET_ESTABLISHED)
		return; /* fastopen: it was used before the handshake's end */
	storage->flags |= SOCKET_ESTABLISHED;
	storage->opened_ns = now;
	if (storage->connect_started_ns)
		storage->connect_ns = now - storage->connect_started_ns;
	if (storage->flags & SOCKET_OWNER_KNOWN)
		tell_opened(tcp, storage, now);
	else if (config.owner_by_kprobe)
		await_use(tcp, storage);
}

/*
 * tcp_set_state() and its like -> trace_inet_sock_set_state(): every change of state of every TCP
 * socket in every network namespace, before the new state is stored. Request and TIME_WAIT sockets
 * do not pass here: a connection that waits goes to CLOSE when the small socket takes over.
 */
SEC("tp_btf/inet_sock_set_state")
int socket_state_changed(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	int old = (int)ctx[1];
	int new = (int)ctx[2];
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk); /* NULL for SCTP, MPTCP, DCCP */

	if (!tcp || old == new)
		return 0;
	if (new == BPF_TCP_ESTABLISHED)
		established(tcp, old);
	else if (new == BPF_TCP_CLOSE && old == BPF_TCP_LISTEN)
		listen_closed(tcp);
	else if (new == BPF_TCP_CLOSE)
		closed(tcp, old);
	else if (new == BPF_TCP_FIN_WAIT1 || new == BPF_TCP_LAST_ACK)
		close_started(tcp, old, new);
	else if (new == BPF_TCP_SYN_SENT)
		connect_started(tcp);
	else if (new == BPF_TCP_SYN_RECV && old == BPF_TCP_LISTEN)
		accept_started(tcp);
	else if (new == BPF_TCP_LISTEN)
		listen_opened(tcp);
	return 0;
}
