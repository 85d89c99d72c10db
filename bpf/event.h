/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * The records that the BPF programs put into the `events` ring and that user space decodes.
 * Included by BPF C and by C++; host byte order, no padding, every record a multiple of 8 bytes.
 *
 * A record begins with struct event_header, whose `size` covers the whole record. User space makes
 * records of the same shape from the iterators, so that a container sees one stream.
 */
#ifndef TROUPE_BPF_EVENT_H
#define TROUPE_BPF_EVENT_H

#ifdef __cplusplus
#include <cstdint>
#include <type_traits>
using __u8 = std::uint8_t;
using __u16 = std::uint16_t;
using __u32 = std::uint32_t;
using __u64 = unsigned long long;
using __s32 = std::int32_t;
#endif

enum event_kind {
	EVENT_NONE = 0,

	/* Lifecycle: they may use the whole ring and are never dropped in user space. */
	EVENT_PROCESS_FORKED = 1,   /* struct process_forked; a new process, not a thread */
	EVENT_PROCESS_EXECUTED = 2, /* struct process_executed */
	EVENT_PROCESS_EXITED = 3,   /* struct process_exited; the whole thread group is gone */
	EVENT_PROCESS_MOVED = 4,    /* struct process_moved; header.cgroup_id is where it went */
	EVENT_PROCESS_FOUND = 5,  /* struct process_found; from iter/task, it was there before us */
	EVENT_CGROUP_CREATED = 6, /* struct cgroup_event; header.cgroup_id is the cgroup's own */
	EVENT_CGROUP_REMOVED = 7, /* struct cgroup_event, without a path */

	/* Data: refused in the kernel while less than a quarter of the ring is free. */
	EVENT_TCP_LISTEN_OPENED = 8,   /* struct tcp_listen */
	EVENT_TCP_LISTEN_CLOSED = 9,   /* struct tcp_listen */
	EVENT_TCP_OPENED = 10,	       /* struct tcp_connection */
	EVENT_TCP_CONNECT_FAILED = 11, /* struct tcp_connection_totals, for the SYN's retransmits */
	EVENT_TCP_CLOSED = 12,	       /* struct tcp_connection_totals; the last word on it */
	EVENT_TCP_PROGRESS = 13, /* struct tcp_connection_totals; from the iterator at a tick */
	EVENT_L7_CHUNK = 14,	 /* struct l7_chunk; a send or receive, with its first bytes */
	EVENT_L7_TURNS =
		15, /* struct l7_turns; from the iterator at a tick, and before the close */
	EVENT_L7_DATAGRAM = 16, /* struct l7_chunk; a datagram, with its first bytes */

	EVENT_KIND_COUNT
};

#define EVENT_LAST_LIFECYCLE_KIND EVENT_CGROUP_REMOVED

/* Why an event was lost in the kernel: index of the per-CPU array map `losses`,
 * entry = reason * EVENT_KIND_COUNT + kind. */
enum loss_reason {
	LOSS_RING_FULL = 0,	/* reserve failed */
	LOSS_RING_SHARE = 1,	/* a data event, and less than a quarter of the ring was free */
	LOSS_MAP_FULL = 2,	/* no memory for socket storage */
	LOSS_OWNER_UNKNOWN = 3, /* a connection whose process was never seen */
	LOSS_UNDECIDED = 4,	/* much was said before user space knew what is spoken */
	LOSS_REASON_COUNT
};

/* Value of the map `cgroup_flags` (key: cgroup id). */
enum cgroup_flag {
	CGROUP_IGNORED = 1, /* user space wants none of this cgroup's process and socket events */
	CGROUP_NO_L7 = 2,   /* nor of what is said on its connections */
};

/* Value of the map `l7_verdicts` (key: socket cookie): what user space wants of a connection. */
struct l7_verdict {
	__u16 bytes[2]; /* of each send, of each receive; at most L7_CAPTURE_MAX */
	__u8 opaque;	/* nothing, ever */
	__u8 turns;	/* enum l7_turn_rule: what the kernel may count by itself */
	__u8 tails;	/* of sends (1), of receives (2) that are longer: their last bytes, too */
	__u8 frames;	/* of HTTP/2: one began after so many bytes, in each direction: `rest` */
	/* With turns: after so many bytes sent, and received, nothing was half said and nobody
	 * waited for an answer. */
	__u64 rest[2];
};

/* What the kernel can count alone once user space knows what is spoken; see bpf/l7_turns.h. */
enum l7_turn_rule {
	L7_TURNS_NONE = 0,
	L7_TURNS_HTTP = 1, /* one GET or HEAD a turn, in one send */
};

/* Of one connection: answers with different statuses, beyond which user space counts. */
enum { L7_TURN_STATUSES = 4 };
/* Upper bounds in ns of the buckets of durations; the last bucket has none. */
#define L7_TURN_BOUNDS                                                                             \
	500000, 1000000, 2500000, 5000000, 10000000, 25000000, 50000000, 100000000, 250000000,     \
		500000000, 1000000000, 2500000000, 5000000000, 10000000000
enum { L7_TURN_BUCKETS = 15 };

enum { L7_CAPTURE_MAX = 32768 }; /* a power of two */
enum { L7_TAIL_BYTES = 4096 };

enum { EVENT_COMM_SIZE = 16, EVENT_ARGV_MAX = 1024, EVENT_PATH_MAX = 1024 };

struct event_header {
	__u64 time_ns;		 /* CLOCK_BOOTTIME */
	__u64 cgroup_id;	 /* whom it belongs to: inode number of the cgroup's directory */
	__u64 start_boottime_ns; /* with pid the name of a process; of the thread group's leader */
	__u32 pid;  /* tgid in the initial pid namespace; 0 where there is no process */
	__u16 kind; /* enum event_kind */
	__u16 size; /* of the record, header included */
};

struct process_forked {
	struct event_header header;	/* the child */
	__u64 parent_start_boottime_ns; /* of the forker, also where CLONE_PARENT names another */
	__u32 parent_pid;
	__u32 uid;
	char comm[EVENT_COMM_SIZE];
};

struct process_executed {
	struct event_header header;
	__u32 parent_pid;
	__u32 uid;
	char comm[EVENT_COMM_SIZE];
	__u16 argv_size;      /* bytes of argv behind this struct: NUL after each argument */
	__u16 argv_truncated; /* 1 when there was more than fits */
	__u8 pad[4];
	/* argv follows, padded with NUL so that header.size is a multiple of 8 */
};

struct process_exited {
	struct event_header header;
	__u32 parent_pid;
	__u32 uid;
	char comm[EVENT_COMM_SIZE];
	__s32 exit_code; /* as given to exit(); 0 when a signal ended it; -1 its exit was missed */
	__u8 signal;	 /* 0: none */
	__u8 core_dumped;
	__u8 oom_killed; /* the kernel's OOM killer chose it */
	__u8 pad;
};

struct process_moved {
	struct event_header header; /* the process, and the cgroup it is in now */
	__u32 parent_pid;
	__u32 uid;
	char comm[EVENT_COMM_SIZE];
};

struct process_found {
	struct event_header header;
	__u32 parent_pid;
	__u32 uid;
	char comm[EVENT_COMM_SIZE];
};

struct cgroup_event {
	struct event_header header; /* pid: who made or removed it */
	__u16 path_size; /* without NUL; path is relative to the hierarchy's root, begins with / */
	__u16 path_truncated;
	__u8 pad[4];
	/* the path follows, padded with NUL so that header.size is a multiple of 8 */
};

enum tcp_direction { TCP_OUTBOUND = 0, TCP_INBOUND = 1 };

enum tcp_flag {
	TCP_FLAG_ESTABLISHED = 1, /* it was established at some time */
	TCP_FLAG_PREEXISTING = 2, /* it was open before the agent looked: not a new connect */
	TCP_FLAG_RESET = 4,	  /* ended by a reset */
};

struct tcp_endpoint_pair {
	__u8 local[16]; /* IPv4 as v4-mapped IPv6, network byte order */
	__u8 remote[16];
	__u16 local_port; /* host byte order */
	__u16 remote_port;
};

struct tcp_listen {
	struct event_header header;
	__u64 socket_cookie;
	__u8 local[16];
	__u16 local_port;
	__u8 preexisting;
	__u8 pad[5];
};

struct tcp_connection {
	struct event_header header; /* the owner: who connected, or who used the accepted socket */
	__u64 socket_cookie;
	__u64 opened_ns;  /* CLOCK_BOOTTIME when ESTABLISHED; 0 unknown or never */
	__u64 connect_ns; /* outbound: SYN to ESTABLISHED or to failure, a duration; else 0 */
	struct tcp_endpoint_pair endpoints;
	__u8 direction; /* enum tcp_direction */
	__u8 flags;	/* enum tcp_flag */
	__u16 error; /* errno of a failed connect or a broken connection; 0: closed by its owner */
};

/* Of a preexisting connection: what happened since the agent saw it first. */
struct tcp_connection_totals {
	struct tcp_connection connection;
	__u64 bytes_sent;     /* payload that reached the wire, each byte once */
	__u64 bytes_received; /* payload received in order; the FIN is not a byte */
	__u32 srtt_us;	      /* smoothed round-trip time; 0 unknown */
	__u32 retransmits;    /* segments */
};

enum l7_flag {
	L7_SENT = 1,	  /* by the owner; else received */
	L7_OUTBOUND = 2,  /* the owner dialled */
	L7_MIDSTREAM = 4, /* the connection is older than our view of it */
	/* No send or receive, but a sign: the kernel has counted what was before by itself, and
	 * does so no more. A message begins behind it in either direction, the client's at
	 * `position`. */
	L7_AFTER_TURNS = 8,
	/* But for one request, which waits for its answer; it came `asked_us` before this sign. */
	L7_TURN_ASKED = 16,
	/* The end of a send or receive, of which something before was not captured. */
	L7_TAIL = 32,
};

/* A datagram is one, too: its header names who sent or received it, its position is 0, and where
 * the hook does not know the peer, as with receives of sockets that are not connected, its remote
 * end is all zeros. */
struct l7_chunk {
	struct event_header header; /* the connection's owner */
	__u64 socket_cookie;
	__u64 position; /* bytes of this direction before it, since our view of it began */
	__u32 size;	/* bytes that were sent or received */
	__u16 captured; /* the first of them, behind this struct; 0 also where they cannot be read
			 */
	__u8 flags;	/* enum l7_flag */
	__u8 pad;
	struct tcp_endpoint_pair endpoints;
	__u32 asked_us; /* with L7_TURN_ASKED */
			/* the captured bytes follow; header.size is a multiple of 8 */
};

/* What the kernel has counted of a connection by itself. All numbers only grow, modulo 2^32, so
 * that a record that is lost is made up for by the next. */
struct l7_turns {
	struct event_header header; /* the connection's owner */
	__u64 socket_cookie;
	__u64 duration_sum_ns;
	__u32 durations[L7_TURN_BUCKETS];
	__u32 counts[L7_TURN_STATUSES];
	__u16 statuses[L7_TURN_STATUSES]; /* 0: not in use yet */
	struct tcp_endpoint_pair endpoints;
	__u8 flags; /* enum l7_flag: L7_OUTBOUND */
	__u8 rule;  /* enum l7_turn_rule */
	__u8 pad[6];
};

#ifdef __cplusplus
#define TROUPE_CHECK_SIZE(type, bytes)                                                             \
	static_assert(sizeof(type) == (bytes) && std::is_trivially_copyable_v<type>);              \
	static_assert(std::has_unique_object_representations_v<type>, "has padding")
#else
#define TROUPE_CHECK_SIZE(type, bytes)                                                             \
	_Static_assert(sizeof(struct type) == (bytes), "ABI with user space")
#endif

TROUPE_CHECK_SIZE(event_header, 32);
TROUPE_CHECK_SIZE(process_forked, 64);
TROUPE_CHECK_SIZE(process_executed, 64);
TROUPE_CHECK_SIZE(process_exited, 64);
TROUPE_CHECK_SIZE(process_moved, 56);
TROUPE_CHECK_SIZE(process_found, 56);
TROUPE_CHECK_SIZE(cgroup_event, 40);
TROUPE_CHECK_SIZE(tcp_endpoint_pair, 36);
TROUPE_CHECK_SIZE(tcp_listen, 64);
TROUPE_CHECK_SIZE(tcp_connection, 96);
TROUPE_CHECK_SIZE(tcp_connection_totals, 120);
TROUPE_CHECK_SIZE(l7_verdict, 24);
TROUPE_CHECK_SIZE(l7_turns, 176);
TROUPE_CHECK_SIZE(l7_chunk, 96);

#endif
