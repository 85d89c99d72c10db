/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * Turns that are counted here, without telling each: a request in one send, and the answer that
 * begins the next thing said the other way. Half of the cost of a busy HTTP connection is telling
 * of it.
 *
 * Counting begins with the second turn of a connection that begins with a simple one. Of others
 * user space says, once it has recognised the protocol, up to which byte of either direction it has
 * understood everything (l7_verdict.rest): if all that was said since then, and some before, was a
 * run of simple turns, then nothing is open and counting begins. Whatever is not a simple turn ends
 * it: user space is given a sign (L7_AFTER_TURNS) and everything that follows.
 *
 * A simple turn of HTTP/1: one GET or HEAD, whole in one send, without a body; and an answer with a
 * status of its own. Bodies of answers are not looked at, but that they do not begin like another
 * answer.
 */
#ifndef TROUPE_BPF_L7_TURNS_H
#define TROUPE_BPF_L7_TURNS_H

#include "bpf/l7_chunk.h"
#include "bpf/socket_storage.h"

#define TURN_REQUEST_MAX 1024

enum l7_turn_step {
	TURN_ADRIFT = 0, /* what was said last was not part of a simple turn */
	TURN_ASKED = 1,
	TURN_ANSWERED = 2,
	TURN_EARLY = 3, /* one thread read the answer before another's send returned */
};

enum { NO_STATUS = 0 };

/* The bytes of x that are zero, as 0x80 each. */
static __always_inline __u64 zero_bytes(__u64 x)
{
	const __u64 low = 0x7f7f7f7f7f7f7f7full;

	return ~(((x & low) + low) | x | low);
}

/* That "\n\r", which only an empty line makes, is nowhere but before the last byte. Behind the
 * bytes come eight that are zero. */
static __always_inline bool ends_with_only_empty_line(const __u8 *bytes, __u32 size)
{
	const __u64 line_feeds = 0x0a0a0a0a0a0a0a0aull;
	const __u64 returns = 0x0d0d0d0d0d0d0d0dull;
	__u64 carried = 0;
	__u32 i;

	for (i = 0; i < TURN_REQUEST_MAX; i += 8) {
		__u64 word = *(__u64 *)(bytes + i);
		__u64 after_feed = zero_bytes(word ^ line_feeds);
		__u64 found = (after_feed << 8 | carried) & zero_bytes(word ^ returns);

		if (found) /* The "\r" of the last "\r\n" is the one that may be found. */
			return !(found & (found - 1)) &&
			       found == 0x80ull << 8 * (size - 2 - i & 7) && i == (size - 2 & ~7u);
		carried = after_feed >> 56;
		if (i + 8 >= size)
			return false;
	}
	return false;
}

/* A whole request at `from`, and nothing behind it. Global, so that the verifier looks at it once.
 */
__noinline int is_simple_request(struct l7_draft *draft, __u64 from, __u32 size)
{
	const __u32 get = 0x20544547; /* "GET " */
	const __u32 head = 0x44414548;
	__u8 *bytes;

	if (!draft || size < 16 || size > TURN_REQUEST_MAX)
		return false;
	bytes = draft->bytes;
	/* The compiler makes one comparison of the two, which verifiers before 6.3 cannot follow.
	 */
	barrier_var(size);
	size &= 2 * TURN_REQUEST_MAX - 1;
	if (bpf_probe_read_user(bytes, size, (void *)from))
		return false;
	*(__u64 *)(bytes + (size & (2 * TURN_REQUEST_MAX - 1))) = 0;
	if (*(__u32 *)bytes != get && !(*(__u32 *)bytes == head && bytes[4] == ' '))
		return false;
	return bytes[(size - 1) & (TURN_REQUEST_MAX - 1)] == '\n' &&
	       ends_with_only_empty_line(bytes, size);
}

static __always_inline bool is_digit(__u8 x)
{
	return x >= '0' && x <= '9';
}

/* NO_STATUS where these bytes do not begin a final answer. */
static __always_inline __u16 status_of(struct user_bytes *from)
{
	__u8 bytes[16];
	__u32 status;

	if (from->size < sizeof(bytes) ||
	    bpf_probe_read_user(bytes, sizeof(bytes), (void *)from->base))
		return NO_STATUS;
	if ((*(__u64 *)bytes & 0x00ffffffffffffffull) != 0x002e312f50545448ull || /* "HTTP/1." */
	    (bytes[7] & ~1) != '0' || bytes[8] != ' ' || (bytes[12] != ' ' && bytes[12] != '\r'))
		return NO_STATUS;
	if (!is_digit(bytes[9]) || !is_digit(bytes[10]) || !is_digit(bytes[11]))
		return NO_STATUS;
	status = (bytes[9] - '0') * 100 + (bytes[10] - '0') * 10 + (bytes[11] - '0');
	return status < 200 ? NO_STATUS : status;
}

static const __u64 turn_bounds[L7_TURN_BUCKETS - 1] = {L7_TURN_BOUNDS};

static __always_inline void note_duration(struct l7_turn_state *turns, __u64 duration_ns)
{
	__u32 i = 0;

	while (i < L7_TURN_BUCKETS - 1 && duration_ns > turn_bounds[i])
		i++;
	if (i < L7_TURN_BUCKETS)
		turns->durations[i]++;
	turns->duration_sum_ns += duration_ns;
}

/* False where there are too many different statuses. */
static __always_inline bool note_status(struct l7_turn_state *turns, __u16 status)
{
	__u32 i;

	for (i = 0; i < L7_TURN_STATUSES; i++) {
		if (!turns->statuses[i])
			turns->statuses[i] = status;
		if (turns->statuses[i] == status) {
			turns->counts[i]++;
			return true;
		}
	}
	return false;
}

static __always_inline bool change_step(struct l7_turn_state *turns, __u32 from, __u32 to)
{
	return __sync_val_compare_and_swap(&turns->step, from, to) == from;
}

static __always_inline void find_beginning(struct user_bytes *from, struct user_bytes *found)
{
	*from = *found;
	if (!from->size)
		next_vector(from);
}

/* True: the request is one of a turn that is counted here. */
static __always_inline bool count_request(struct l7_turn_state *turns, struct l7_draft *draft,
					  struct user_bytes *found, __u32 size)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct user_bytes from;

	find_beginning(&from, found);
	if (from.size < size || !is_simple_request(draft, from.base, size))
		return false;
	if (turns->step == TURN_ANSWERED) {
		turns->asked_ns = now;
		if (change_step(turns, TURN_ANSWERED, TURN_ASKED))
			return true;
	}
	if (turns->step != TURN_EARLY || !note_status(turns, turns->early_status))
		return false;
	note_duration(turns, 0);
	turns->step = TURN_ANSWERED;
	return true;
}

/* True: an answer of such a turn, or more of it. */
static __always_inline bool count_answer(struct l7_turn_state *turns, struct user_bytes *found)
{
	struct user_bytes from;
	__u16 status;
	__u64 now;

	find_beginning(&from, found);
	status = status_of(&from);
	if (turns->step == TURN_ASKED) {
		if (!status || !note_status(turns, status))
			return false;
		now = bpf_ktime_get_boot_ns();
		note_duration(turns, now > turns->asked_ns ? now - turns->asked_ns : 0);
		turns->step = TURN_ANSWERED;
		return true;
	}
	if (!status)
		return true;
	turns->early_status = status;
	return change_step(turns, TURN_ANSWERED, TURN_EARLY);
}

/* Counting is over: what user space has to know. */
static __always_inline __u8 stop_counting(struct l7_turn_state *turns)
{
	__u8 left = L7_AFTER_TURNS | (turns->step == TURN_ASKED ? L7_TURN_ASKED : 0);

	turns->counting = 0;
	turns->step = TURN_ADRIFT;
	return left;
}

/* 0 where it was counted; else flags of the sign that user space is to be given. */
static __always_inline __u8 count_turn(struct l7_socket *socket, struct user_bytes *found,
				       __u32 size, enum l7_direction direction)
{
	struct l7_turn_state *turns = &socket->turns;
	__u32 key = direction & 1;
	struct l7_draft *draft;
	bool counted;

	if (key != turns->client) {
		counted = count_answer(turns, found);
	} else {
		draft = bpf_map_lookup_elem(&l7_drafts, &key);
		counted = draft && count_request(turns, draft, found, size);
	}
	return counted ? 0 : stop_counting(turns);
}

/* All was simple turns, since the first byte or since the rest that user space knows of; so nothing
 * is open. */
static __always_inline bool may_count(struct l7_turn_state *turns, struct l7_verdict *verdict,
				      bool whole)
{
	if (whole && !turns->run_began[0] && !turns->run_began[1])
		return true;
	return verdict && verdict->turns == L7_TURNS_HTTP &&
	       turns->run_began[0] <= verdict->rest[0] && turns->run_began[1] <= verdict->rest[1];
}

/*
 * While each chunk is told: whether it goes on with a run of simple turns. Begins to count where
 * that is allowed, and is true then: this chunk was counted.
 */
static __always_inline bool watch_turns(struct l7_socket *socket, struct l7_draft *draft,
					struct l7_verdict *verdict, struct user_bytes *found,
					__u32 size, enum l7_direction direction, __u8 flags)
{
	__u32 client = flags & SOCKET_OUTBOUND ? L7_SENDING : L7_RECEIVING;
	struct l7_turn_state *turns = &socket->turns;
	struct user_bytes from;

	find_beginning(&from, found);
	if (direction != client) {
		bool answers = status_of(&from) != NO_STATUS;

		if (answers != (turns->step == TURN_ASKED))
			turns->step = TURN_ADRIFT;
		else if (answers)
			turns->step = TURN_ANSWERED;
		return false;
	}
	if (from.size < size || !is_simple_request(draft, from.base, size)) {
		turns->step = TURN_ADRIFT;
		return false;
	}
	if (turns->step != TURN_ANSWERED) {
		turns->run_began[client] = socket->position[client] - size;
		turns->run_began[!client] = socket->position[!client];
	} else if (may_count(turns, verdict, !(flags & SOCKET_PREEXISTING))) {
		turns->client = client;
		turns->asked_ns = bpf_ktime_get_boot_ns();
		turns->counting = 1;
	}
	turns->step = TURN_ASKED;
	return turns->counting;
}

#endif
