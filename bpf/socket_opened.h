/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* That a connection was opened, told through the ring. */
#ifndef TROUPE_BPF_SOCKET_OPENED_H
#define TROUPE_BPF_SOCKET_OPENED_H

#include "bpf/socket_record.h"

/* Tells through the ring that the connection was opened, if nobody did so far. TOLD is set behind
 * the record, so that whoever sees it knows that the record is in the ring. */
static __noinline void tell_opened(struct tcp_sock *tcp, struct socket_storage *storage, __u64 now)
{
	struct tcp_connection *record;

	if (!claim_telling(storage))
		return;
	if (!storage->owner.pid) {
		count_loss(LOSS_OWNER_UNKNOWN, EVENT_TCP_OPENED);
	} else if (!is_cgroup_ignored(storage->owner.cgroup_id)) {
		record = reserve_record(EVENT_TCP_OPENED, sizeof(*record));
		if (record) {
			fill_connection(record, tcp, storage, now, EVENT_TCP_OPENED,
					sizeof(*record));
			submit_record(record);
		}
	}
	storage->told = TOLD;
}

#endif
