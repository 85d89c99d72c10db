/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* How much of a send or receive is captured, and how it gets into the ring. */
#ifndef TROUPE_BPF_L7_CHUNK_H
#define TROUPE_BPF_L7_CHUNK_H

#include "bpf/l7_frames.h"
#include "bpf/task.h"

#define MSG_OOB 1
#define MSG_PEEK 2
#define MSG_TRUNC 0x20
#define MSG_ERRQUEUE 0x2000

/* Until user space has said what is spoken everything is told, because each request counts. It says
 * so within some 20 ms on an idle machine, but a busy connection says a lot in that time, and on a
 * busy machine it takes longer. Behind the first bound only the beginnings and ends of sends; what
 * comes behind the second is lost. In bytes of the ring, of both directions. */
#define L7_UNDECIDED_FULL_BYTES (1 << 20)
#define L7_UNDECIDED_BYTES_MAX (8 << 20)
#define L7_UNDECIDED_BEGINNING 1024
#define L7_UNDECIDED_TAIL 512

/* What user space wants of a connection, by socket cookie. It takes out what has closed; where it
 * is late the oldest make room, and are asked about once more. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, __u64);
	__type(value, struct l7_verdict);
	__uint(max_entries, 16384);
} l7_verdicts SEC(".maps");

/* How many of the last bytes somebody needs, or may need. */
static __always_inline __u32 capture_tail(struct l7_verdict *verdict, __u32 limit,
					  enum l7_direction direction)
{
	if (!verdict)
		return limit == L7_CAPTURE_MAX ? L7_TAIL_BYTES : L7_UNDECIDED_TAIL;
	return verdict->tails & (1 << (direction & 1)) ? L7_TAIL_BYTES : 0;
}

static __always_inline __u32 undecided_limit(struct l7_socket *socket, __u32 size,
					     enum l7_direction direction)
{
	__u32 before = socket->undecided_bytes;
	__u32 limit = before < L7_UNDECIDED_FULL_BYTES ? L7_CAPTURE_MAX : L7_UNDECIDED_BEGINNING;
	__u32 most = limit + capture_tail(NULL, limit, direction);

	if (before >= L7_UNDECIDED_BYTES_MAX) {
		count_loss(LOSS_UNDECIDED, EVENT_L7_CHUNK);
		return 0;
	}
	socket->undecided_bytes += sizeof(struct l7_chunk) + (size < most ? size : most);
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
	return undecided_limit(socket, size, direction);
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

/* There is more to read behind the slice in the draft. */
static __always_inline bool goes_on(struct l7_shipment *shipped)
{
	return shipped->captured && (shipped->from.size || shipped->from.vector_count) &&
	       shipped->size > shipped->captured + shipped->passed;
}

/* The slice stands for all that is not told yet, but for the tail. True when there is one. */
static __always_inline bool pass_up_to_tail(struct l7_shipment *shipped)
{
	__u32 behind = shipped->size - shipped->captured;
	bool has_tail = shipped->tail && behind >= shipped->tail && goes_on(shipped);

	if (behind > shipped->passed)
		shipped->frames.step = FRAMES_UNKNOWN;
	shipped->passed = has_tail ? behind - shipped->tail : behind;
	return has_tail;
}

static __always_inline void begin_tail(struct l7_draft *draft, struct l7_shipment *shipped)
{
	draft->chunk.flags |= L7_TAIL;
	shipped->limit = shipped->tail;
	shipped->tail = 0;
}

static __always_inline bool tell_slice(struct l7_draft *draft, struct l7_shipment *shipped)
{
	__u64 length = (sizeof(draft->chunk) + shipped->kept + 7) & ~7ull;
	__u64 unread;
	__u64 wakeup;

	if (length > sizeof(*draft))
		return false;
	draft->chunk.size = shipped->captured + shipped->passed;
	draft->chunk.captured = shipped->kept;
	draft->chunk.header.size = length;
	unread = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	wakeup = wakeup_flag(unread, length);
	/* 6.12's verifier has forgotten its bounds by now. */
	barrier_var(length);
	if (length > sizeof(*draft))
		return false;
	if (bpf_ringbuf_output(&events, draft, length, wakeup))
		count_loss(LOSS_RING_FULL, EVENT_L7_CHUNK);
	return true;
}

/* Reads and tells the next slice. What cannot be read is not captured. True when there is more. */
__noinline int ship_slice(struct l7_draft *draft, struct l7_shipment *shipped)
{
	bool has_tail = false;
	bool more;

	if (!draft || !shipped)
		return 0;
	shipped->captured = 0;
	shipped->passed = 0;
	shipped->wanted = shipped->limit < L7_SLICE_BYTES ? shipped->limit : L7_SLICE_BYTES;
	if (shipped->wanted > shipped->size) /* What is behind may not be there. */
		shipped->wanted = shipped->size;
	read_slice(draft, shipped);
	shipped->kept = shipped->captured;
	if (shipped->frames.step)
		walk_frames(draft, shipped);
	more = goes_on(shipped) && shipped->kept < shipped->limit;
	if (!more)
		has_tail = pass_up_to_tail(shipped);
	if (!tell_slice(draft, shipped))
		return 0;
	shipped->size -= draft->chunk.size;
	shipped->limit -= shipped->kept;
	draft->chunk.position += draft->chunk.size;
	if (has_tail)
		begin_tail(draft, shipped);
	if (shipped->passed)
		skip_bytes(shipped, shipped->passed);
	return more || has_tail;
}

/* Tells of `size` bytes, with the first `limit` of them and the last `tail`. */
static __always_inline void ship_chunk(struct l7_draft *draft, struct user_bytes *from, __u32 size,
				       __u32 limit, __u32 tail, struct l7_frames *frames)
{
	struct l7_shipment shipped;
	int i;

	__builtin_memset(&shipped, 0, sizeof(shipped));
	shipped.from = *from;
	shipped.size = size;
	shipped.limit = limit + tail < size ? limit : size;
	shipped.tail = tail;
	shipped.frames = *frames;
	for (i = 0; i < L7_SLICES_MAX; i++)
		if (!ship_slice(draft, &shipped) || !has_room())
			break;
	if (shipped.size)
		shipped.frames.step = FRAMES_UNKNOWN;
	*frames = shipped.frames;
}

#endif
