/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * What is done with a send or receive, whichever hook saw it: its first bytes are told until user
 * space has found out what is spoken; then as many as that protocol needs, or nothing any more.
 */
#ifndef TROUPE_BPF_L7_CAPTURE_H
#define TROUPE_BPF_L7_CAPTURE_H

#include "bpf/l7_datagram.h"
#include "bpf/l7_turns.h"
#include "bpf/socket_record.h"

static __always_inline void fill_chunk(struct l7_chunk *chunk, struct tcp_sock *tcp,
				       struct socket_storage *storage, __u64 cookie, __u64 position,
				       enum l7_direction direction)
{
	fill_socket_header(&chunk->header, storage, bpf_ktime_get_boot_ns(), EVENT_L7_CHUNK, 0);
	chunk->socket_cookie = cookie;
	chunk->position = position;
	chunk->flags = (direction == L7_SENDING ? L7_SENT : 0) |
		       (storage->flags & SOCKET_OUTBOUND ? L7_OUTBOUND : 0) |
		       (storage->flags & SOCKET_PREEXISTING ? L7_MIDSTREAM : 0);
	chunk->pad = 0;
	read_endpoints(tcp, &chunk->endpoints);
	chunk->asked_us = 0;
}

/* The draft is a chunk of the same connection, and will be one again. */
static __always_inline void ship_sign(struct l7_draft *draft, struct l7_socket *socket, __u8 left)
{
	struct l7_chunk *chunk = &draft->chunk;
	__u64 position = chunk->position;
	__u8 flags = chunk->flags;
	bool from_client = !(flags & L7_SENT) == !(flags & L7_OUTBOUND);
	struct user_bytes nothing = {};
	struct l7_frames none = {};

	if (!from_client)
		chunk->position = socket->position[socket->turns.client & 1];
	chunk->flags = left | (flags & L7_OUTBOUND ? L7_OUTBOUND | L7_SENT : 0);
	if (left & L7_TURN_ASKED)
		chunk->asked_us = (chunk->header.time_ns - socket->turns.asked_ns) / 1000;
	ship_chunk(draft, &nothing, 0, 0, 0, &none);
	chunk->position = position;
	chunk->flags = flags;
	chunk->asked_us = 0;
}

static __always_inline void find_bytes(__u32 size, int flags, struct user_bytes *to)
{
	if (flags & MSG_TRUNC) /* Thrown away. */
		__builtin_memset(to, 0, sizeof(*to));
	else
		find_user_bytes(bpf_get_current_task_btf(), size, to);
}

/* The other end has said its last: a FIN has a number of its own, and is no byte. */
static __always_inline bool has_heard_fin(struct tcp_sock *tcp)
{
	__u8 state = socket_state(tcp);

	return state != BPF_TCP_ESTABLISHED && state != BPF_TCP_FIN_WAIT1 &&
	       state != BPF_TCP_FIN_WAIT2;
}

/*
 * What was taken out of the socket where no hook sees it: by splice(), or TCP_ZEROCOPY_RECEIVE. The
 * position goes on without it. Kernel TLS takes out more than it gives.
 */
static __always_inline void pass_unheard(struct tcp_sock *tcp, struct l7_socket *socket, __u32 size)
{
	__u32 heard = tcp->copied_seq;
	__u32 unheard = heard - socket->heard - size;

	if (unheard == 1 && has_heard_fin(tcp))
		unheard = 0;
	if (socket->has_heard && (__s32)unheard > 0 && !tcp->inet_conn.icsk_ulp_ops)
		__sync_fetch_and_add(&socket->position[L7_RECEIVING], unheard);
	socket->heard = heard;
	socket->has_heard = 1;
}

/* Of a network file system, for one: what its users' calls are about is not what it says. */
static __always_inline bool is_of_kernel(struct sock *sk)
{
	struct socket *socket = sk->sk_socket;

	return !socket || !socket->file;
}

/* NULL where nobody knows whose the socket is. */
static __always_inline struct socket_storage *find_owned(struct tcp_sock *tcp)
{
	struct socket_storage *storage = find_storage(tcp);

#ifdef L7_LEARNS_OWNERS
	if (!storage || !(storage->flags & SOCKET_OWNER_KNOWN)) {
		learn_owner(&tcp->inet_conn.icsk_inet.sk, storage);
		storage = find_storage(tcp);
	}
#endif
	return storage && (storage->flags & SOCKET_OWNER_KNOWN) ? storage : NULL;
}

static __always_inline int capture_tcp(struct tcp_sock *tcp, __u32 size, int flags,
				       enum l7_direction direction)
{
	struct l7_socket *socket = bpf_sk_storage_get(&l7_sockets, tcp, NULL, 0);
	struct socket_storage *storage;
	struct l7_verdict *verdict;
	struct l7_frames *frames;
	struct user_bytes found;
	struct l7_draft *draft;
	__u64 position;
	__u64 cookie;
	__u32 limit;
	__u8 left = 0;

	if (socket && socket->opaque)
		return 0;
	if (socket && direction == L7_RECEIVING)
		pass_unheard(tcp, socket, size);
	if (config.l7_turns && socket && socket->turns.counting) {
		__sync_fetch_and_add(&socket->position[direction & 1], size);
		find_bytes(size, flags, &found);
		left = count_turn(socket, &found, size, direction);
		if (!left)
			return 0;
		position = socket->position[direction & 1] - size;
	}
	storage = find_owned(tcp);
	if (!storage)
		return 0;
	if (!socket) {
		socket = bpf_sk_storage_get(&l7_sockets, tcp, NULL, BPF_SK_STORAGE_GET_F_CREATE);
		if (!socket)
			return 0;
		if (direction == L7_RECEIVING)
			pass_unheard(tcp, socket, size);
		socket->opaque = is_of_kernel(&tcp->inet_conn.icsk_inet.sk);
		if (socket->opaque)
			return 0;
	}
	if (!left)
		position = __sync_fetch_and_add(&socket->position[direction & 1], size);
	cookie = bpf_get_socket_cookie(tcp);
	verdict = bpf_map_lookup_elem(&l7_verdicts, &cookie);
	frames = &socket->frames[direction & 1];
	if (!position)
		frames->step = FRAMES_BEGIN;
	else if (is_frame_known(frames, verdict, position, direction))
		begin_frames(frames);
	limit = capture_limit(socket, verdict, storage->owner.cgroup_id, size, direction);
	if (!limit) {
		pass_message(bpf_get_current_task_btf(), size);
		frames->step = FRAMES_UNKNOWN;
		return 0;
	}
	if (!left)
		find_bytes(size, flags, &found);
	draft = begin_draft(direction);
	if (!draft) {
		frames->step = FRAMES_UNKNOWN;
		return 0;
	}
	if (config.l7_turns && !left && (!verdict || verdict->turns) &&
	    watch_turns(socket, draft, verdict, &found, size, direction, storage->flags))
		return 0;
	fill_chunk(&draft->chunk, tcp, storage, cookie, position, direction);
	if (left)
		ship_sign(draft, socket, left);
	ship_chunk(draft, &found, size, limit, capture_tail(verdict, limit, direction), frames);
	return 0;
}

/*
 * `size`: what went through, or why nothing did. `flags`: of the call. Who only looks at bytes gets
 * them again; out-of-band data and what the error queue holds are not said on the connection.
 */
static __always_inline int capture(struct sock *sk, int size, int flags,
				   enum l7_direction direction)
{
	struct tcp_sock *tcp;

	if (size <= 0 || (flags & (MSG_PEEK | MSG_OOB | MSG_ERRQUEUE))) {
#ifdef L7_LEARNS_OWNERS
		socket_used(sk);
#endif
		pass_message(bpf_get_current_task_btf(), size);
		return 0;
	}
	tcp = bpf_skc_to_tcp_sock(sk);
	return tcp ? capture_tcp(tcp, size, flags, direction)
		   : capture_datagram(sk, size, flags, direction);
}

#endif
