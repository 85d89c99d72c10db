/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Tells what was counted without telling each: at a tick, and before the connection's last word. */
#ifndef TROUPE_BPF_L7_TOLD_H
#define TROUPE_BPF_L7_TOLD_H

#include "bpf/l7_socket.h"
#include "bpf/socket_record.h"

/* NULL where nothing was counted, ever. */
static __always_inline struct l7_turn_state *find_turns(struct tcp_sock *tcp)
{
	struct l7_socket *socket;

	if (!config.l7_turns)
		return NULL;
	socket = bpf_sk_storage_get(&l7_sockets, tcp, NULL, 0);
	return socket && socket->turns.counts[0] ? &socket->turns : NULL;
}

static __always_inline __u32 count_of_turns(struct l7_turn_state *turns)
{
	return turns->counts[0] + turns->counts[1] + turns->counts[2] + turns->counts[3];
}

static __always_inline void fill_turns(struct l7_turns *record, struct tcp_sock *tcp,
				       struct socket_storage *storage, struct l7_turn_state *turns,
				       __u64 now)
{
	fill_socket_header(&record->header, storage, now, EVENT_L7_TURNS, sizeof(*record));
	record->socket_cookie = bpf_get_socket_cookie(tcp);
	record->duration_sum_ns = turns->duration_sum_ns;
	__builtin_memcpy(record->durations, turns->durations, sizeof(record->durations));
	__builtin_memcpy(record->counts, turns->counts, sizeof(record->counts));
	__builtin_memcpy(record->statuses, turns->statuses, sizeof(record->statuses));
	read_endpoints(tcp, &record->endpoints);
	record->flags = storage->flags & SOCKET_OUTBOUND ? L7_OUTBOUND : 0;
	record->rule = L7_TURNS_HTTP;
	__builtin_memset(record->pad, 0, sizeof(record->pad));
}

static __always_inline void tell_last_turns(struct tcp_sock *tcp, struct socket_storage *storage,
					    __u64 now)
{
	struct l7_turn_state *turns = find_turns(tcp);
	struct l7_turns *record;

	if (!turns)
		return;
	record = reserve_record(EVENT_L7_TURNS, sizeof(*record));
	if (!record)
		return;
	fill_turns(record, tcp, storage, turns, now);
	submit_record(record);
}

static __always_inline void tell_turns(struct seq_file *out, struct tcp_sock *tcp,
				       struct socket_storage *storage, __u64 now)
{
	struct l7_turn_state *turns = find_turns(tcp);
	struct l7_turns record;
	__u32 count;

	if (!turns)
		return;
	count = count_of_turns(turns);
	if (count == turns->told)
		return;
	fill_turns(&record, tcp, storage, turns, now);
	if (!bpf_seq_write(out, &record, sizeof(record)))
		turns->told = count;
}

#endif
