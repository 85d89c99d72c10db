// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * Who uses an accepted socket. These two hooks are on every send and receive of every socket: once
 * the owner is known they do one look into the socket's storage and nothing else.
 */
#include "bpf/socket_opened.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline int learn_owner(struct sock *sk, struct socket_storage *storage)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk); /* NULL for what is not TCP */
	int state;

	if (!tcp)
		return 0;
	state = socket_state(tcp);
	/* In SYN_RECV a fastopen server reads and writes already. */
	if (!is_connected_state(state) && state != BPF_TCP_SYN_RECV)
		return 0;
	if (!storage) {
		storage = make_storage(tcp, EVENT_TCP_OPENED);
		if (!storage)
			return 0;
		first_sight(tcp, storage);
	}
	if (!(storage->flags & SOCKET_ESTABLISHED)) {
		storage->flags |= SOCKET_ESTABLISHED;
		storage->opened_ns = bpf_ktime_get_boot_ns();
	}
	own_socket(storage, bpf_get_current_task_btf());
	tell_opened(tcp, storage, bpf_ktime_get_boot_ns());
	return 0;
}

static __always_inline int socket_used(struct sock *sk)
{
	struct socket_storage *storage = find_storage(sk);

	if (storage && (storage->flags & SOCKET_OWNER_KNOWN))
		return 0;
	return learn_owner(sk, storage);
}

/* sock_sendmsg_nosec(), behind every way to send but TCP's own splice; in the sender's context. */
SEC("tp_btf/sock_send_length")
int socket_sent(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	return socket_used(sk);
}

/* sock_recvmsg_nosec(): likewise for receiving. */
SEC("tp_btf/sock_recv_length")
int socket_received(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	return socket_used(sk);
}
