/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* A socket begins and ends to listen. */
#ifndef TROUPE_BPF_SOCKET_LISTEN_H
#define TROUPE_BPF_SOCKET_LISTEN_H

#include "bpf/socket_record.h"

static __always_inline void tell_listen(struct tcp_sock *tcp, struct socket_storage *storage,
					enum event_kind kind)
{
	struct tcp_listen *record;

	if (is_cgroup_ignored(storage->owner.cgroup_id))
		return;
	record = reserve_record(kind, sizeof(*record));
	if (!record)
		return;
	fill_listen(record, tcp, storage, bpf_ktime_get_boot_ns(), kind);
	submit_record(record);
}

/* inet_csk_listen_start(), in the caller of listen(). A socket that was not bound gets its port
 * just after this: the iterator tells of it then. */
static __always_inline void listen_opened(struct tcp_sock *tcp)
{
	struct socket_storage *storage = make_storage(tcp, EVENT_TCP_LISTEN_OPENED);

	if (!storage)
		return;
	own_socket(storage, bpf_get_current_task_btf());
	storage->flags = SOCKET_LISTENER | SOCKET_OWNER_KNOWN;
	if (!local_port(tcp))
		return;
	tell_listen(tcp, storage, EVENT_TCP_LISTEN_OPENED);
	storage->told = TOLD;
}

static __always_inline void listen_closed(struct tcp_sock *tcp)
{
	struct socket_storage *storage = find_storage(tcp);

	if (!storage)
		return;
	storage->flags |= SOCKET_CLOSED;
	if (storage->told == TOLD_NOT)
		tell_listen(tcp, storage, EVENT_TCP_LISTEN_OPENED);
	tell_listen(tcp, storage, EVENT_TCP_LISTEN_CLOSED);
	bpf_sk_storage_delete(&sockets, tcp);
}

#endif
