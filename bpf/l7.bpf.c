// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * What is said on connections: the first bytes of every send and receive, until user space has
 * found out what is spoken; then as many as that protocol needs, or nothing any more.
 *
 * Both hooks are behind the call: the length is what was really sent or received. Attached after
 * socket_owner, which has made the socket's storage by then.
 */
#include "bpf/l7_chunk.h"
#include "bpf/socket_record.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline int capture_tcp(struct tcp_sock *tcp, __u32 size,
				       enum l7_direction direction)
{
	struct socket_storage *storage = find_storage(tcp);
	struct l7_socket *socket;
	struct l7_chunk *chunk;
	__u64 position;
	__u32 limit;

	if (!storage || !(storage->flags & SOCKET_OWNER_KNOWN))
		return 0;
	socket = bpf_sk_storage_get(&l7_sockets, tcp, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!socket || socket->opaque)
		return 0;
	position = __sync_fetch_and_add(&socket->position[direction & 1], size);
	limit = capture_limit(socket, bpf_get_socket_cookie(tcp), storage->owner.cgroup_id,
			      direction);
	if (!limit)
		return 0;
	chunk = begin_chunk(direction);
	if (!chunk)
		return 0;
	chunk->header.cgroup_id = storage->owner.cgroup_id;
	chunk->header.start_boottime_ns = storage->owner.start_boottime_ns;
	chunk->header.pid = storage->owner.pid;
	chunk->socket_cookie = bpf_get_socket_cookie(tcp);
	chunk->position = position;
	chunk->size = size;
	chunk->flags = (direction == L7_SENDING ? L7_SENT : 0) |
		       (storage->flags & SOCKET_OUTBOUND ? L7_OUTBOUND : 0) |
		       (storage->flags & SOCKET_PREEXISTING ? L7_MIDSTREAM : 0);
	read_endpoints(tcp, &chunk->endpoints);
	ship_chunk(chunk, limit);
	return 0;
}

SEC("tp_btf/sock_send_length")
int l7_sent(__u64 *ctx)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock((struct sock *)ctx[0]);
	int size = (int)ctx[1];

	return tcp && size > 0 ? capture_tcp(tcp, size, L7_SENDING) : 0;
}

SEC("tp_btf/sock_recv_length")
int l7_received(__u64 *ctx)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock((struct sock *)ctx[0]);
	int size = (int)ctx[1];

	/* Who only looks at bytes (MSG_PEEK) gets them again. */
	if (!tcp || size <= 0 || ((int)ctx[2] & MSG_PEEK))
		return 0;
	return capture_tcp(tcp, size, L7_RECEIVING);
}
