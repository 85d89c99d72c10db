/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* A connection ends, or never came to be. */
#ifndef TROUPE_BPF_SOCKET_CLOSE_H
#define TROUPE_BPF_SOCKET_CLOSE_H

#include "bpf/accepted_sockets.h"
#include "bpf/l7_told.h"
#include "bpf/socket_opened.h"
#include <linux/errno.h>

/* close() and shutdown() are the only ways into FIN_WAIT1 and LAST_ACK, and the only ones from a
 * connection to CLOSE without an error: so `current` is a user of the socket, if it is not a
 * kernel thread that closes late for another. */
static __always_inline bool is_in_users_context(int old, int new, int error)
{
	bool by_call = new == BPF_TCP_FIN_WAIT1 || new == BPF_TCP_LAST_ACK ||
		       ((old == BPF_TCP_ESTABLISHED || old == BPF_TCP_CLOSE_WAIT) && !error);

	return by_call && !(bpf_get_current_task_btf()->flags & PF_KTHREAD);
}

static __always_inline struct socket_storage *find_with_owner(struct tcp_sock *tcp, int old,
							      int new)
{
	struct socket_storage *storage = find_storage(tcp);

	if (storage)
		end_awaiting(tcp, storage);
	if (storage && (storage->flags & SOCKET_OWNER_KNOWN))
		return storage;
	if (!is_in_users_context(old, new, socket_error(tcp)))
		return storage;
	if (!storage) {
		storage = make_storage(tcp, EVENT_TCP_CLOSED);
		if (!storage)
			return NULL;
		first_sight(tcp, storage);
	}
	own_socket(storage, bpf_get_current_task_btf());
	return storage;
}

static __always_inline void close_started(struct tcp_sock *tcp, int old, int new)
{
	struct socket_storage *storage = find_with_owner(tcp, old, new);

	if (!storage || !(storage->flags & SOCKET_OWNER_KNOWN))
		return;
	storage->flags |= SOCKET_ESTABLISHED; /* fastopen: closed before the handshake's end */
	tell_opened(tcp, storage, bpf_ktime_get_boot_ns());
}

/* An error that says reset; or none, and yet not the way of FINs: unread data or SO_LINGER 0. */
static __always_inline bool is_reset(int old, int error)
{
	if (error)
		return error == ECONNRESET || error == EPIPE;
	return old == BPF_TCP_ESTABLISHED || old == BPF_TCP_CLOSE_WAIT || old == BPF_TCP_FIN_WAIT1;
}

static __noinline void tell_closed(struct tcp_sock *tcp, struct socket_storage *storage, int old,
				   enum event_kind kind)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct tcp_connection_totals *record;
	int error = socket_error(tcp);

	if (!storage->owner.pid) {
		count_loss(LOSS_OWNER_UNKNOWN, kind);
		return;
	}
	if (is_cgroup_ignored(storage->owner.cgroup_id))
		return;
	tell_last_turns(tcp, storage, now);
	if (kind == EVENT_TCP_CONNECT_FAILED && storage->connect_started_ns)
		storage->connect_ns = now - storage->connect_started_ns;
	record = reserve_record(kind, sizeof(*record));
	if (!record)
		return;
	fill_totals(record, tcp, storage, now, kind);
	record->connection.error = error;
	if (is_reset(old, error))
		record->connection.flags |= TCP_FLAG_RESET;
	submit_record(record);
}

/* Who had it has closed it; and we never saw it, so that was before we looked. */
static __always_inline bool is_orphan(struct tcp_sock *tcp)
{
	return !tcp->inet_conn.icsk_inet.sk.sk_socket;
}

static __always_inline void closed(struct tcp_sock *tcp, int old)
{
	struct socket_storage *storage = find_storage(tcp);
	bool connected = is_connected_state(old);

	if (connected)
		storage = find_with_owner(tcp, old, BPF_TCP_CLOSE);
	if (!storage) {
		if ((connected && !is_orphan(tcp)) || old == BPF_TCP_SYN_SENT)
			count_loss(LOSS_OWNER_UNKNOWN,
				   connected ? EVENT_TCP_CLOSED : EVENT_TCP_CONNECT_FAILED);
		return;
	}
	storage->flags |= SOCKET_CLOSED; /* before the time is taken: see socket_progress.bpf.c */
	if (storage->flags & SOCKET_ESTABLISHED) {
		tell_opened(tcp, storage, bpf_ktime_get_boot_ns());
		tell_closed(tcp, storage, old, EVENT_TCP_CLOSED);
	} else if (storage->flags & SOCKET_OUTBOUND) {
		tell_closed(tcp, storage, old, EVENT_TCP_CONNECT_FAILED);
	} /* else a handshake with us that came to nothing */
	/* The socket may be connected once more (AF_UNSPEC, a second connect()). */
	bpf_sk_storage_delete(&sockets, tcp);
}

#endif
