/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Reads a TCP socket: its state, its owner, its ends, its totals. */
#ifndef TROUPE_BPF_SOCKET_H
#define TROUPE_BPF_SOCKET_H

#include "bpf/socket_storage.h"
#include "bpf/task.h"

static __always_inline struct socket_storage *find_storage(void *sk)
{
	return bpf_sk_storage_get(&sockets, sk, NULL, 0);
}

/* NULL where the socket's option memory (net.core.optmem_max) is used up; the loss is counted. */
static __always_inline struct socket_storage *make_storage(void *sk, enum event_kind kind)
{
	struct socket_storage *storage =
		bpf_sk_storage_get(&sockets, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);

	if (!storage)
		count_loss(LOSS_MAP_FULL, kind);
	return storage;
}

static __always_inline __u8 socket_state(struct tcp_sock *tcp)
{
	return tcp->inet_conn.icsk_inet.sk.__sk_common.skc_state;
}

static __always_inline int socket_error(struct tcp_sock *tcp)
{
	return tcp->inet_conn.icsk_inet.sk.sk_err;
}

/* Both ends are there: established, or on its way down from that. */
static __always_inline bool is_connected_state(int state)
{
	return state == BPF_TCP_ESTABLISHED || state == BPF_TCP_CLOSE_WAIT ||
	       state == BPF_TCP_FIN_WAIT1 || state == BPF_TCP_FIN_WAIT2 ||
	       state == BPF_TCP_LAST_ACK || state == BPF_TCP_CLOSING;
}

static __always_inline void own_socket(struct socket_storage *storage, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;

	storage->owner.start_boottime_ns = leader->start_boottime;
	storage->owner.cgroup_id = task_cgroup_id(task);
	storage->owner.pid = leader->tgid;
	storage->flags |= SOCKET_OWNER_KNOWN;
}

static __always_inline void map_ipv4(__u8 to[16], __be32 address)
{
	__u32 *words = (__u32 *)to;

	words[0] = 0;
	words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = address;
}

static __always_inline void read_local(struct tcp_sock *tcp, __u8 to[16])
{
	struct sock_common *common = &tcp->inet_conn.icsk_inet.sk.__sk_common;

	/* Without CONFIG_IPV6 the fields are missing, and so are the sockets. */
	if (common->skc_family == AF_INET6 && bpf_core_field_exists(common->skc_v6_rcv_saddr))
		bpf_probe_read_kernel(to, 16, &common->skc_v6_rcv_saddr);
	else
		map_ipv4(to, common->skc_rcv_saddr);
}

static __always_inline void read_remote(struct tcp_sock *tcp, __u8 to[16])
{
	struct sock_common *common = &tcp->inet_conn.icsk_inet.sk.__sk_common;

	if (common->skc_family == AF_INET6 && bpf_core_field_exists(common->skc_v6_daddr))
		bpf_probe_read_kernel(to, 16, &common->skc_v6_daddr);
	else
		map_ipv4(to, common->skc_daddr);
}

static __always_inline __u16 local_port(struct tcp_sock *tcp)
{
	return bpf_ntohs(tcp->inet_conn.icsk_inet.inet_sport);
}

static __always_inline void read_endpoints(struct tcp_sock *tcp, struct tcp_endpoint_pair *to)
{
	read_local(tcp, to->local);
	read_remote(tcp, to->remote);
	to->local_port = local_port(tcp);
	to->remote_port = bpf_ntohs(tcp->inet_conn.icsk_inet.sk.__sk_common.skc_dport);
}

/*
 * Who dialled, from what the socket has counted: the SYN is acknowledged as a byte on the side that
 * connected, while an accepted socket begins with its SYN already acknowledged. Everything else
 * that was acknowledged is payload, as long as no FIN was sent. Where that does not come out, the
 * lower port is taken for the server's.
 */
static __always_inline bool is_dialler(struct tcp_sock *tcp)
{
	__u64 payload = tcp->bytes_sent - tcp->bytes_retrans - (tcp->snd_nxt - tcp->snd_una);
	__u64 beyond_payload = tcp->bytes_acked - payload;
	int state = socket_state(tcp);

	if ((state == BPF_TCP_ESTABLISHED || state == BPF_TCP_CLOSE_WAIT) && beyond_payload <= 1)
		return beyond_payload == 1;
	return local_port(tcp) > bpf_ntohs(tcp->inet_conn.icsk_inet.sk.__sk_common.skc_dport);
}

/* Since the socket's beginning. tcp_fin() counts the FIN as a received byte and sets SOCK_DONE. */
static __always_inline void read_totals(struct tcp_sock *tcp, struct socket_totals *to)
{
	unsigned long flags = tcp->inet_conn.icsk_inet.sk.__sk_common.skc_flags;
	bool fin = flags >> bpf_core_enum_value(enum sock_flags, SOCK_DONE) & 1;

	to->bytes_sent = tcp->bytes_sent - tcp->bytes_retrans;
	to->bytes_received = tcp->bytes_received - fin;
	to->srtt_us = tcp->srtt_us >> 3;
	to->retransmits = tcp->total_retrans;
}

/* A connection that is older than our view of it: it counts from now on. */
static __always_inline void first_sight(struct tcp_sock *tcp, struct socket_storage *storage)
{
	storage->flags = SOCKET_PREEXISTING | SOCKET_ESTABLISHED;
	if (is_dialler(tcp))
		storage->flags |= SOCKET_OUTBOUND;
	read_totals(tcp, &storage->base);
	storage->last = storage->base;
}

#endif
