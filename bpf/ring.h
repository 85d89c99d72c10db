/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* How a record gets into the ring, and how one that does not is counted. */
#ifndef TROUPE_BPF_RING_H
#define TROUPE_BPF_RING_H

#include "bpf/kernel_types.h"
#include "bpf/config.h"
#include "bpf/event.h"
#include "bpf/maps.h"

const volatile struct kernel_config config SEC(KERNEL_CONFIG_SECTION);

/* Atomic: a program in a softirq may interrupt another one here. */
static __always_inline void count_loss(enum loss_reason reason, enum event_kind kind)
{
	__u32 key = reason * EVENT_KIND_COUNT + kind;
	__u64 *count = bpf_map_lookup_elem(&losses, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
}

/* Room for one record, or NULL and the loss is counted. `size` must be a constant: the verifier
 * has to know it. */
static __always_inline void *reserve_record(enum event_kind kind, __u64 size)
{
	void *record;

	if (kind > EVENT_LAST_LIFECYCLE_KIND &&
	    bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > config.data_limit_bytes) {
		count_loss(LOSS_RING_SHARE, kind);
		return NULL;
	}
	record = bpf_ringbuf_reserve(&events, size, 0);
	if (!record)
		count_loss(LOSS_RING_FULL, kind);
	return record;
}

/* Wide enough for what other CPUs have reserved between our reservation and our look. */
#define WAKEUP_ZONE_BYTES 2048

/*
 * A wakeup costs its process over a microsecond, a quiet submit some 25 ns: the reader comes by
 * the clock, and is woken when much lies unread. Not by every event from then on, which would slow
 * everybody down just when the machine is busy: by those around each multiple of the threshold.
 * `length`: of a record that may be too long to come to lie there.
 */
static __always_inline __u64 wakeup_flag(__u64 unread, __u64 length)
{
	bool wake = config.wakeup_bytes && unread >= config.wakeup_bytes &&
		    unread % config.wakeup_bytes < WAKEUP_ZONE_BYTES + length;

	return wake ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

static __always_inline void submit_record(void *record)
{
	bpf_ringbuf_submit(record, wakeup_flag(bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA), 0));
}

#endif
