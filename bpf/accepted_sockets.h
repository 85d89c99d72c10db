/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * The way from a kprobe to a socket. A kprobe's program has no access to a socket's storage, so
 * where only a kprobe sees who uses a socket, an accepted one stands here, by its address, from the
 * end of its handshake until its storage knows the owner. Those who can reach the storage put it in
 * and take it out. When the map is full a connection keeps its listener's owner.
 */
#ifndef TROUPE_BPF_ACCEPTED_SOCKETS_H
#define TROUPE_BPF_ACCEPTED_SOCKETS_H

#include "bpf/socket_record.h"

enum use_state { USE_AWAITED = 0, USE_CLAIMED = 1, USE_TOLD = 2 };

struct accepted_socket {
	__u64 sk;    /* the key: an element found may be another's by the time it is claimed */
	__u32 state; /* enum use_state; claimed by exchange */
	__u32 pad;
	struct tcp_connection opened; /* as it is told; its owner is the user's from USE_TOLD on */
};

/* Preallocated: kernels before 6.1 warn of a kprobe that uses a map which is not. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u64);
	__type(value, struct accepted_socket);
	__uint(max_entries, 16384);
} accepted_sockets SEC(".maps");

/* Somebody used it and that was told: the storage learns of both. */
static __always_inline void adopt_user(struct socket_storage *storage,
				       struct accepted_socket *accepted)
{
	storage->owner.start_boottime_ns = accepted->opened.header.start_boottime_ns;
	storage->owner.cgroup_id = accepted->opened.header.cgroup_id;
	storage->owner.pid = accepted->opened.header.pid;
	storage->flags |= SOCKET_OWNER_KNOWN;
	storage->told = TOLD;
}

static __always_inline struct accepted_socket *find_accepted(struct tcp_sock *tcp,
							     struct socket_storage *storage)
{
	__u64 key = (__u64)tcp;

	if (!config.owner_by_kprobe || (storage->flags & SOCKET_OWNER_KNOWN))
		return NULL;
	return bpf_map_lookup_elem(&accepted_sockets, &key);
}

static __always_inline void remove_accepted(struct tcp_sock *tcp)
{
	__u64 key = (__u64)tcp;

	bpf_map_delete_elem(&accepted_sockets, &key);
}

/* Takes over what a kprobe has learned; who uses the socket later still counts. */
static __always_inline void look_for_user(struct tcp_sock *tcp, struct socket_storage *storage)
{
	struct accepted_socket *accepted = find_accepted(tcp, storage);

	if (!accepted || accepted->state != USE_TOLD)
		return;
	adopt_user(storage, accepted);
	remove_accepted(tcp);
}

/* The same, and from now on no use counts any more: the caller decides about the owner. */
static __always_inline void end_awaiting(struct tcp_sock *tcp, struct socket_storage *storage)
{
	struct accepted_socket *accepted = find_accepted(tcp, storage);
	__u32 state;

	if (!accepted)
		return;
	state = __sync_val_compare_and_swap(&accepted->state, USE_AWAITED, USE_CLAIMED);
	if (state == USE_CLAIMED) {
		/* A kprobe tells of it at this moment and reads the element, so it has to stay;
		 * the next socket at this address takes its place. */
		storage->told = TOLD;
		return;
	}
	if (state == USE_TOLD)
		adopt_user(storage, accepted);
	remove_accepted(tcp);
}

#endif
