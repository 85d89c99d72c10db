/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * Datagrams: of sockets that serve DNS, or that ask for it. Of any other that is connected, or that
 * serves a port of its own, nothing is looked at but its two ports.
 *
 * A socket that is not connected says in each call to whom it sends. From whom it received is
 * written into the caller's memory only when the hooks are over: user space finds that out, by what
 * was asked.
 */
#ifndef TROUPE_BPF_L7_DATAGRAM_H
#define TROUPE_BPF_L7_DATAGRAM_H

#include "bpf/l7_chunk.h"
#include "bpf/socket.h"

#define IPPROTO_UDP 17
#define DNS_PORT 53
#define FIRST_FREE_PORT 1024
/* Enough for what DNS sends without asking first: EDNS' common 1232, and 1500. */
#define DATAGRAM_BYTES 2048

struct datagram_socket {
	__u32 asks;   /* it has asked somebody on the port, and is not connected */
	__u32 opaque; /* user space wants nothing of it */
};

/* Only of sockets that have asked or served. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct datagram_socket);
} datagram_sockets SEC(".maps");

/* As user space lays them out. */
struct user_sockaddr {
	__u16 family;
	__be16 port;
	union {
		__be32 ipv4;
		struct {
			__be32 flow;
			__u8 ipv6[16];
		};
	};
};

static __always_inline bool is_other_datagram(struct sock *sk)
{
	struct sock_common *common = &sk->__sk_common;

	if (common->skc_num == DNS_PORT || common->skc_dport == bpf_htons(DNS_PORT))
		return false;
	/* Who serves another port asks from none of those; neither does what is no datagram socket
	 * and has no port at all. */
	return common->skc_dport || common->skc_num < FIRST_FREE_PORT;
}

static __always_inline bool is_udp(struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	return (family == AF_INET || family == AF_INET6) && sk->sk_protocol == IPPROTO_UDP;
}

static __always_inline void read_datagram_ends(struct sock *sk, struct tcp_endpoint_pair *to)
{
	struct sock_common *common = &sk->__sk_common;

	if (common->skc_family == AF_INET6 && bpf_core_field_exists(common->skc_v6_rcv_saddr)) {
		bpf_probe_read_kernel(to->local, 16, &common->skc_v6_rcv_saddr);
		bpf_probe_read_kernel(to->remote, 16, &common->skc_v6_daddr);
	} else {
		map_ipv4(to->local, common->skc_rcv_saddr);
		map_ipv4(to->remote, common->skc_daddr);
	}
	to->local_port = common->skc_num;
	to->remote_port = bpf_ntohs(common->skc_dport);
}

/* To whom the call sends, where it says so. */
static __always_inline void read_name(__u64 at, struct tcp_endpoint_pair *to)
{
	struct user_sockaddr name = {};

	if (!at || bpf_probe_read_user(&name, 8, (void *)at))
		return;
	if (name.family == AF_INET)
		map_ipv4(to->remote, name.ipv4);
	else if (name.family != AF_INET6 ||
		 bpf_probe_read_user(to->remote, 16,
				     (void *)(at + offsetof(struct user_sockaddr, ipv6))))
		return;
	to->remote_port = bpf_ntohs(name.port);
}

/* Whether user space is to be told. A socket that asks is remembered: what it receives may be the
 * answer. */
static __always_inline bool is_wanted_datagram(struct sock *sk, struct tcp_endpoint_pair *ends,
					       enum l7_direction direction)
{
	bool connected = sk->__sk_common.skc_dport;
	bool serves = ends->local_port == DNS_PORT;
	bool asks = ends->remote_port == DNS_PORT;
	struct datagram_socket *known;
	struct l7_verdict *verdict;
	__u64 cookie;

	known = bpf_sk_storage_get(&datagram_sockets, sk, NULL, 0);
	if (!known && !serves && !asks)
		return false;
	if (!known)
		known = bpf_sk_storage_get(&datagram_sockets, sk, NULL,
					   BPF_SK_STORAGE_GET_F_CREATE);
	if (!known)
		return true;
	if (known->opaque)
		return false;
	cookie = bpf_get_socket_cookie(sk);
	verdict = bpf_map_lookup_elem(&l7_verdicts, &cookie);
	if (verdict && verdict->opaque) {
		known->opaque = 1;
		return false;
	}
	if (asks && !connected)
		known->asks = 1;
	return serves || asks || (direction == L7_RECEIVING && known->asks);
}

static __always_inline void ship_datagram(struct l7_draft *draft, struct l7_shipment *shipped)
{
	__u64 length;
	__u64 unread;
	__u64 wakeup;

	read_slice(draft, shipped);
	length = (sizeof(draft->chunk) + shipped->captured + 7) & ~7ull;
	if (length > sizeof(*draft))
		return;
	draft->chunk.captured = shipped->captured;
	draft->chunk.header.size = length;
	unread = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	wakeup = wakeup_flag(unread, length);
	/* 6.12's verifier has forgotten its bounds by now. */
	barrier_var(length);
	if (length > sizeof(*draft))
		return;
	if (bpf_ringbuf_output(&events, draft, length, wakeup))
		count_loss(LOSS_RING_FULL, EVENT_L7_DATAGRAM);
}

/* Of the task that sends or receives: sockets of datagrams have no other owner. */
static __always_inline int capture_datagram(struct sock *sk, __u32 size, int flags,
					    enum l7_direction direction)
{
	struct tcp_endpoint_pair ends = {};
	struct l7_shipment shipped = {};
	__u32 key = direction & 1;
	struct task_struct *task;
	struct l7_draft *draft;
	__u64 cgroup;

	if (is_other_datagram(sk) || !is_udp(sk))
		return 0;
	task = bpf_get_current_task_btf();
	cgroup = task_cgroup_id(task);
	find_user_bytes(task, size, &shipped.from);
	if (flags & MSG_TRUNC) /* What the caller has is shorter, nobody says by how much. */
		shipped.from.size = 0;
	read_datagram_ends(sk, &ends);
	if (direction == L7_SENDING)
		read_name(shipped.from.name, &ends);
	if (!is_wanted_datagram(sk, &ends, direction) || is_l7_ignored(cgroup))
		return 0;
	if (bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > config.data_limit_bytes) {
		count_loss(LOSS_RING_SHARE, EVENT_L7_DATAGRAM);
		return 0;
	}
	draft = bpf_map_lookup_elem(&l7_drafts, &key);
	if (!draft)
		return 0;
	shipped.wanted = size < DATAGRAM_BYTES ? size : DATAGRAM_BYTES;
	__builtin_memset(&draft->chunk, 0, sizeof(draft->chunk));
	fill_header(&draft->chunk.header, task->group_leader, cgroup, EVENT_L7_DATAGRAM, 0);
	draft->chunk.socket_cookie = bpf_get_socket_cookie(sk);
	draft->chunk.size = size;
	draft->chunk.flags = direction == L7_SENDING ? L7_SENT : 0;
	draft->chunk.endpoints = ends;
	ship_datagram(draft, &shipped);
	return 0;
}

#endif
