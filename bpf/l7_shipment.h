/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Reads what was said out of a process's memory, slice by slice. */
#ifndef TROUPE_BPF_L7_SHIPMENT_H
#define TROUPE_BPF_L7_SHIPMENT_H

#include "bpf/l7_socket.h"
#include "bpf/user_buffer.h"

/* What is captured of a send or receive goes in slices, each a chunk by itself: what is large is
 * rare, and a draft that is small stays in the CPU's cache. */
#define L7_SLICE_BYTES 4096
/* Of one slice. Where that is not enough the slice is shorter; behind the last slice bytes are
 * lost, and that is seen by the next chunk's position. */
#define L7_VECTORS_MAX 64
#define L7_SLICES_MAX 128
/* Vectors that may hold what is passed over at a time. */
#define L7_SKIPPED_VECTORS_MAX 256

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

/*
 * A send or receive on its way into the ring. The functions that take one are global, so that the
 * verifier looks at each by itself; and what changes from round to round is in memory, of which it
 * keeps no bounds, so that all rounds look the same to it.
 */
struct l7_shipment {
	struct user_bytes from;
	__u32 size;  /* bytes that are not told yet */
	__u32 limit; /* how many of them may go into the ring */
	__u32 tail;  /* how many of the last ones go in beyond that */
	/* Of the slice in the draft: */
	__u32 wanted;
	__u32 captured;	  /* that were read */
	__u32 kept;	  /* the first of these, which go into the ring */
	__u32 passed;	  /* bytes behind those that were read, for which it stands as well */
	__u32 walked;	  /* how far its frames were looked at; see bpf/l7_frames.h */
	__u32 header_end; /* of the last frame that begins in it; 0: none does */
	struct l7_frames frames;
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

/* Goes on behind bytes that are not captured. Where there are too many vectors nothing more is to
 * be had. */
__noinline int skip_bytes(struct l7_shipment *shipped, __u32 count)
{
	__u64 step;
	int i;

	if (!shipped)
		return 0;
	for (i = 0; i < L7_SKIPPED_VECTORS_MAX && count; i++) {
		if (!shipped->from.size && !next_vector(&shipped->from))
			break;
		step = count < shipped->from.size ? count : shipped->from.size;
		shipped->from.base += step;
		shipped->from.size -= step;
		count -= step;
	}
	if (count) {
		shipped->from.size = 0;
		shipped->from.vector_count = 0;
	}
	return 0;
}

#endif
