/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * Who uses an accepted socket, for the hooks that get the socket itself. They are on every send and
 * receive: once the owner is known they do one look into the socket's storage and nothing else.
 */
#ifndef TROUPE_BPF_SOCKET_USE_H
#define TROUPE_BPF_SOCKET_USE_H

#include "bpf/socket_opened.h"

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

#endif
