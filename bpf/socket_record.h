/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Makes the records of TCP sockets, for the ring and for the iterators. */
#ifndef TROUPE_BPF_SOCKET_RECORD_H
#define TROUPE_BPF_SOCKET_RECORD_H

#include "bpf/socket.h"

static __always_inline void fill_socket_header(struct event_header *header,
					       struct socket_storage *storage, __u64 now,
					       enum event_kind kind, __u16 size)
{
	header->time_ns = now;
	header->cgroup_id = storage->owner.cgroup_id;
	header->start_boottime_ns = storage->owner.start_boottime_ns;
	header->pid = storage->owner.pid;
	header->kind = kind;
	header->size = size;
}

static __always_inline void fill_listen(struct tcp_listen *record, struct tcp_sock *tcp,
					struct socket_storage *storage, __u64 now,
					enum event_kind kind)
{
	fill_socket_header(&record->header, storage, now, kind, sizeof(*record));
	record->socket_cookie = bpf_get_socket_cookie(tcp);
	read_local(tcp, record->local);
	record->local_port = local_port(tcp);
	record->preexisting = (storage->flags & SOCKET_PREEXISTING) != 0;
	__builtin_memset(record->pad, 0, sizeof(record->pad));
}

static __always_inline void fill_connection(struct tcp_connection *record, struct tcp_sock *tcp,
					    struct socket_storage *storage, __u64 now,
					    enum event_kind kind, __u16 size)
{
	fill_socket_header(&record->header, storage, now, kind, size);
	record->socket_cookie = bpf_get_socket_cookie(tcp);
	record->opened_ns = storage->opened_ns;
	record->connect_ns = storage->connect_ns;
	read_endpoints(tcp, &record->endpoints);
	record->direction = storage->flags & SOCKET_OUTBOUND ? TCP_OUTBOUND : TCP_INBOUND;
	record->flags = (storage->flags & SOCKET_ESTABLISHED ? TCP_FLAG_ESTABLISHED : 0) |
			(storage->flags & SOCKET_PREEXISTING ? TCP_FLAG_PREEXISTING : 0);
	record->error = 0;
}

static __always_inline void fill_totals(struct tcp_connection_totals *record, struct tcp_sock *tcp,
					struct socket_storage *storage, __u64 now,
					enum event_kind kind)
{
	struct socket_totals totals;

	read_totals(tcp, &totals);
	fill_connection(&record->connection, tcp, storage, now, kind, sizeof(*record));
	record->bytes_sent = totals.bytes_sent - storage->base.bytes_sent;
	record->bytes_received = totals.bytes_received - storage->base.bytes_received;
	record->srtt_us = totals.srtt_us;
	record->retransmits = totals.retransmits - storage->base.retransmits;
}

/* True for exactly one caller: a send, a receive, the close and the iterator may meet. */
static __always_inline bool claim_telling(struct socket_storage *storage)
{
	return storage->told == TOLD_NOT &&
	       __sync_val_compare_and_swap(&storage->told, TOLD_NOT, TOLD_CLAIMED) == TOLD_NOT;
}

#endif
