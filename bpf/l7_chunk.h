/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* How much of a send or receive is captured, and how it gets into the ring. */
#ifndef TROUPE_BPF_L7_CHUNK_H
#define TROUPE_BPF_L7_CHUNK_H

#include "bpf/task.h"
#include "bpf/user_buffer.h"

#define MSG_PEEK 2

enum l7_direction { L7_SENDING = 0, L7_RECEIVING = 1 };

/* Until user space has said what is spoken. It does within some 20 ms on an idle machine, but a
 * busy connection says a lot in that time (10,000 requests a second, of a receive, a head and a
 * body each), and each request counts, also of several in one send; what is not answered after so
 * many chunks is not worth more. */
#define L7_UNDECIDED_BYTES L7_CAPTURE_MAX
#define L7_UNDECIDED_CHUNKS 4096
#define L7_VECTORS_MAX 8

struct l7_socket {
	__u64 position[2]; /* bytes so far, by enum l7_direction */
	__u32 chunks;	   /* shipped before it was decided */
	__u32 opaque;	   /* nobody wants more of it, ever */
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct l7_socket);
} l7_sockets SEC(".maps");

/* What user space wants of a connection, by socket cookie. It takes out what has closed; where it
 * is late the oldest make room, and are asked about once more. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, __u64);
	__type(value, struct l7_verdict);
	__uint(max_entries, 16384);
} l7_verdicts SEC(".maps");

/* A chunk in the making. Programs of one direction do not interrupt each other on one CPU, so that
 * each direction has one of its own; twice as long as what is captured, which lets the verifier see
 * that no vector reaches beyond it. */
struct l7_draft {
	struct l7_chunk chunk;
	__u8 bytes[2 * L7_CAPTURE_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct l7_draft);
	__uint(max_entries, 2);
} l7_drafts SEC(".maps");

/* How many bytes of this chunk somebody needs; 0: none, and it is not told at all. */
static __always_inline __u32 capture_limit(struct l7_socket *socket, __u64 cookie, __u64 cgroup,
					   enum l7_direction direction)
{
	struct l7_verdict *verdict = bpf_map_lookup_elem(&l7_verdicts, &cookie);

	if (verdict) {
		if (verdict->opaque) {
			socket->opaque = 1;
			return 0;
		}
		return verdict->bytes[direction & 1];
	}
	if (!socket->chunks && is_cgroup_ignored(cgroup)) {
		socket->opaque = 1;
		return 0;
	}
	if (socket->chunks >= L7_UNDECIDED_CHUNKS)
		return 0;
	socket->chunks++;
	return L7_UNDECIDED_BYTES;
}

static __always_inline struct l7_chunk *begin_chunk(enum l7_direction direction)
{
	__u32 key = direction & 1;
	struct l7_draft *draft;

	if (bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > config.data_limit_bytes) {
		count_loss(LOSS_RING_SHARE, EVENT_L7_CHUNK);
		return NULL;
	}
	draft = bpf_map_lookup_elem(&l7_drafts, &key);
	if (!draft)
		return NULL;
	__builtin_memset(&draft->chunk, 0, sizeof(draft->chunk));
	draft->chunk.header.time_ns = bpf_ktime_get_boot_ns();
	draft->chunk.header.kind = EVENT_L7_CHUNK;
	return &draft->chunk;
}

static __always_inline __u32 read_bytes(__u8 *to, __u64 from, __u64 size, __u32 limit)
{
	if (size > limit)
		size = limit;
	if (!size || size > L7_CAPTURE_MAX)
		return 0;
	return bpf_probe_read_user(to, size, (void *)from) ? 0 : size;
}

static __always_inline __u32 read_vectors(__u8 *to, struct user_bytes *from, __u32 limit)
{
	struct user_iovec vector;
	__u32 done = 0;
	__u32 count;
	int i;

	for (i = 0; i < L7_VECTORS_MAX; i++) {
		if ((__u64)i >= from->vector_count || done >= limit || done >= L7_CAPTURE_MAX)
			break;
		if (bpf_probe_read_user(&vector, sizeof(vector),
					(void *)(from->vectors + i * sizeof(vector))))
			break;
		count = read_bytes(to + (done & (L7_CAPTURE_MAX - 1)), vector.base, vector.size,
				   limit - done);
		done += count;
		if (count < vector.size)
			break;
	}
	return done;
}

/* Reads the bytes behind the chunk, and sends it off. What cannot be read is not captured. */
static __always_inline void ship_chunk(struct l7_chunk *chunk, __u32 limit)
{
	struct l7_draft *draft = (struct l7_draft *)chunk;
	struct user_bytes bytes;
	__u32 captured = 0;
	__u64 unread;
	__u64 size;

	if (limit > chunk->size)
		limit = chunk->size;
	if (limit > L7_CAPTURE_MAX)
		limit = L7_CAPTURE_MAX;
	find_user_bytes(bpf_get_current_task_btf(), &bytes);
	if (bytes.buffer)
		captured = read_bytes(draft->bytes, bytes.buffer, chunk->size, limit);
	else if (bytes.vectors)
		captured = read_vectors(draft->bytes, &bytes, limit);
	captured &= 2 * L7_CAPTURE_MAX - 1;
	if (captured > limit)
		captured = limit;
	chunk->captured = captured;
	size = (sizeof(*chunk) + captured + 7) & ~7ull;
	if (size > sizeof(*draft))
		return;
	chunk->header.size = size;
	unread = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	if (bpf_ringbuf_output(&events, draft, size, wakeup_flag(unread)))
		count_loss(LOSS_RING_FULL, EVENT_L7_CHUNK);
}

#endif
