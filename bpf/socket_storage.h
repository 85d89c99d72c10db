/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* What we remember of a TCP socket: it lies with the socket and dies with it. */
#ifndef TROUPE_BPF_SOCKET_STORAGE_H
#define TROUPE_BPF_SOCKET_STORAGE_H

#include "bpf/kernel_types.h"

enum socket_flag {
	SOCKET_LISTENER = 1,
	SOCKET_OUTBOUND = 2,
	SOCKET_ESTABLISHED = 4, /* it was established at some time */
	SOCKET_PREEXISTING = 8,
	SOCKET_OWNER_KNOWN = 16, /* else it is the listener's, or nobody's where pid is 0 */
	SOCKET_CLOSED = 32,	 /* the last word was said: no progress after it */
};

enum socket_told { TOLD_NOT = 0, TOLD_CLAIMED = 1, TOLD = 2 };

struct socket_owner {
	__u64 start_boottime_ns;
	__u64 cgroup_id;
	__u32 pid; /* tgid; 0: unknown */
	__u32 pad;
};

struct socket_totals {
	__u64 bytes_sent;
	__u64 bytes_received;
	__u32 srtt_us;
	__u32 retransmits;
};

struct socket_storage {
	struct socket_owner owner;
	__u64 connect_started_ns;
	__u64 connect_ns;
	__u64 opened_ns;
	struct socket_totals base; /* of a preexisting socket: what it had at first sight */
	struct socket_totals last; /* as told last by the iterator */
	__u32 told;		   /* enum socket_told: that it was opened; claimed by exchange */
	__u8 flags;		   /* enum socket_flag */
	__u8 passes;		   /* of the iterator, since it told something */
	__u8 pad[2];
};

/* CLONE: an accepted socket begins with a copy of its listener's, and so with the listener's owner
 * for as long as nobody has used it. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct socket_storage);
} sockets SEC(".maps");

#endif
