/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* How much of a send or receive is captured, and how it gets into the ring. */
#ifndef TROUPE_BPF_L7_CHUNK_H
#define TROUPE_BPF_L7_CHUNK_H

#include "bpf/l7_socket.h"
#include "bpf/task.h"
#include "bpf/user_buffer.h"

#define MSG_OOB 1
#define MSG_PEEK 2
#define MSG_TRUNC 0x20
#define MSG_ERRQUEUE 0x2000

/* Until user space has said what is spoken everything is told, because each request counts. It says
 * so within some 20 ms on an idle machine, but a busy connection says a lot in that time, and on a
 * busy machine it takes longer. Behind the first bound only the beginnings of sends; what is not
 * answered after the second is not worth more. In bytes of the ring, of both directions. */
#define L7_UNDECIDED_FULL_BYTES (1 << 20)
#define L7_UNDECIDED_BYTES_MAX (4 << 20)
#define L7_UNDECIDED_BEGINNING 1024

/* What user space wants of a connection, by socket cookie. It takes out what has closed; where it
 * is late the oldest make room, and are asked about once more. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, __u64);
	__type(value, struct l7_verdict);
	__uint(max_entries, 16384);
} l7_verdicts SEC(".maps");

/* What is captured of a send or receive goes in slices, each a chunk by itself: what is large is
 * rare, and a draft that is small stays in the CPU's cache. */
#define L7_SLICE_BYTES 4096
/* Of one slice. Where that is not enough the slice is shorter; behind the last slice bytes are
 * lost, and that is seen by the next chunk's position. */
#define L7_VECTORS_MAX 64
#define L7_SLICES_MAX 16

/* A chunk in the making. Programs of one direction do not interrupt each other on one CPU, so that
 * each direction has one of its own; twice as long as a slice, which lets the verifier see that no
 * vector reaches beyond it. */
struct l7_draft {
	struct l7_chunk chunk;
	__u8 bytes[2 * L7_SLICE_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct l7_draft);
	__uint(max_entries, 2);
} l7_drafts SEC(".maps");

static __always_inline __u32 undecided_limit(struct l7_socket *socket, __u32 size)
{
	__u32 before = socket->undecided_bytes;
	__u32 limit = before < L7_UNDECIDED_FULL_BYTES ? L7_CAPTURE_MAX : L7_UNDECIDED_BEGINNING;

	if (before >= L7_UNDECIDED_BYTES_MAX)
		return 0;
	socket->undecided_bytes += sizeof(struct l7_chunk) + (size < limit ? size : limit);
	return limit;
}

/* How many bytes of this chunk somebody needs; 0: none, and it is not told at all. */
static __always_inline __u32 capture_limit(struct l7_socket *socket, struct l7_verdict *verdict,
					   __u64 cgroup, __u32 size, enum l7_direction direction)
{
	if (verdict) {
		if (verdict->opaque) {
			socket->opaque = 1;
			return 0;
		}
		return verdict->bytes[direction & 1];
	}
	if (!socket->undecided_bytes && is_l7_ignored(cgroup)) {
		socket->opaque = 1;
		return 0;
	}
	return undecided_limit(socket, size);
}

/* The ring is as good as full for what is said on connections while what happens to connections and
 * processes still has room in it. */
static __always_inline bool has_room(void)
{
	__u32 limit = config.data_limit_bytes - config.data_limit_bytes / 8;

	if (bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) <= limit)
		return true;
	count_loss(LOSS_RING_SHARE, EVENT_L7_CHUNK);
	return false;
}

static __always_inline struct l7_draft *begin_draft(enum l7_direction direction)
{
	__u32 key = direction & 1;

	return has_room() ? bpf_map_lookup_elem(&l7_drafts, &key) : NULL;
}

/*
 * A send or receive on its way into the ring. The two functions that take one are global, so that
 * the verifier looks at each by itself; and what changes from round to round is in memory, of which
 * it keeps no bounds, so that all rounds look the same to it.
 */
struct l7_shipment {
	struct user_bytes from;
	__u32 size;	/* bytes that are not told yet */
	__u32 limit;	/* those of them that are captured */
	__u32 wanted;	/* of the slice in the draft */
	__u32 captured; /* likewise */
};

static __always_inline bool next_vector(struct user_bytes *from)
{
	struct user_iovec vector;

	if (!from->vector_count ||
	    bpf_probe_read_user(&vector, sizeof(vector), (void *)from->vectors))
		return false;
	from->vectors += sizeof(vector);
	from->vector_count--;
	from->base = vector.base;
	from->size = vector.size;
	return true;
}

/* Reads on into the draft, from one buffer. False when there is no more to be had. */
static __always_inline bool read_piece(struct l7_draft *draft, struct l7_shipment *shipped)
{
	__u32 captured = shipped->captured;
	__u64 count = shipped->wanted - captured;

	if (count > shipped->from.size)
		count = shipped->from.size;
	if (!count)
		return true;
	if (captured >= L7_SLICE_BYTES || count > L7_SLICE_BYTES ||
	    bpf_probe_read_user(draft->bytes + captured, count, (void *)shipped->from.base))
		return false;
	shipped->from.base += count;
	shipped->from.size -= count;
	shipped->captured = captured + count;
	return true;
}

__noinline int read_slice(struct l7_draft *draft, struct l7_shipment *shipped)
{
	int i;

	if (!draft || !shipped)
		return 0;
	for (i = 0; i < L7_VECTORS_MAX && shipped->captured < shipped->wanted; i++) {
		if (!shipped->from.size && !next_vector(&shipped->from))
			break;
		if (read_piece(draft, shipped))
			continue;
		shipped->from.size = 0;
		shipped->from.vector_count = 0;
		break;
	}
	return 0;
}

/* Reads and tells the next slice. The last one stands for all the rest; what cannot be read is not
 * captured. True when there is more. */
__noinline int ship_slice(struct l7_draft *draft, struct l7_shipment *shipped)
{
	__u64 length;
	__u64 unread;
	__u64 wakeup;
	bool last;

	if (!draft || !shipped)
		return 0;
	shipped->captured = 0;
	shipped->wanted = shipped->limit < L7_SLICE_BYTES ? shipped->limit : L7_SLICE_BYTES;
	read_slice(draft, shipped);
	last = !shipped->captured || shipped->captured >= shipped->limit ||
	       (!shipped->from.size && !shipped->from.vector_count);
	length = (sizeof(draft->chunk) + shipped->captured + 7) & ~7ull;
	if (length > sizeof(*draft))
		return 0;
	draft->chunk.size = last ? shipped->size : shipped->captured;
	draft->chunk.captured = shipped->captured;
	draft->chunk.header.size = length;
	unread = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	wakeup = wakeup_flag(unread, length);
	/* 6.12's verifier has forgotten its bounds by now. */
	barrier_var(length);
	if (length > sizeof(*draft))
		return 0;
	if (bpf_ringbuf_output(&events, draft, length, wakeup))
		count_loss(LOSS_RING_FULL, EVENT_L7_CHUNK);
	shipped->size -= shipped->captured;
	shipped->limit -= shipped->captured;
	draft->chunk.position += shipped->captured;
	return !last;
}

/* Tells of `size` bytes, with the first `limit` of them. */
static __always_inline void ship_chunk(struct l7_draft *draft, struct user_bytes *from, __u32 size,
				       __u32 limit)
{
	struct l7_shipment shipped;
	int i;

	shipped.from = *from;
	shipped.size = size;
	shipped.limit = limit < size ? limit : size;
	for (i = 0; i < L7_SLICES_MAX; i++)
		if (!ship_slice(draft, &shipped) || !has_room())
			return;
}

#endif
