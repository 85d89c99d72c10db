// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/* At a tick: what the live sockets have done since the last one. */
#include "bpf/accepted_sockets.h"
#include "bpf/l7_told.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum { PASSES_BETWEEN_SIGNS_OF_LIFE = 6 };

static __always_inline bool is_changed(struct socket_totals *a, struct socket_totals *b)
{
	return a->bytes_sent != b->bytes_sent || a->bytes_received != b->bytes_received ||
	       a->srtt_us != b->srtt_us || a->retransmits != b->retransmits;
}

/* A socket that listened before it had a port (listen() without bind()). */
static __always_inline void tell_late_listen(struct seq_file *out, struct tcp_sock *tcp,
					     struct socket_storage *storage, __u64 now)
{
	struct tcp_listen record;

	if (!claim_telling(storage))
		return;
	fill_listen(&record, tcp, storage, now, EVENT_TCP_LISTEN_OPENED);
	storage->told = bpf_seq_write(out, &record, sizeof(record)) ? TOLD_NOT : TOLD;
}

/* Accepted, and not used for a whole tick: the listener's owner has to do. */
static __always_inline void tell_idle(struct seq_file *out, struct tcp_sock *tcp,
				      struct socket_storage *storage, __u64 now)
{
	struct tcp_connection record;

	if (storage->passes == 0) {
		storage->passes = 1;
		return;
	}
	end_awaiting(tcp, storage);
	if (!storage->owner.pid || !claim_telling(storage))
		return;
	storage->flags |= SOCKET_OWNER_KNOWN;
	fill_connection(&record, tcp, storage, now, EVENT_TCP_OPENED, sizeof(record));
	storage->told = bpf_seq_write(out, &record, sizeof(record)) ? TOLD_NOT : TOLD;
}

static __always_inline void tell_progress(struct seq_file *out, struct tcp_sock *tcp,
					  struct socket_storage *storage, __u64 now)
{
	struct tcp_connection_totals record;
	struct socket_totals totals;

	tell_turns(out, tcp, storage, now);
	read_totals(tcp, &totals);
	if (!is_changed(&totals, &storage->last) &&
	    storage->passes + 1 < PASSES_BETWEEN_SIGNS_OF_LIFE) {
		storage->passes++;
		return;
	}
	fill_totals(&record, tcp, storage, now, EVENT_TCP_PROGRESS);
	/* When the reader's buffer is full the kernel comes again with this very socket. */
	if (bpf_seq_write(out, &record, sizeof(record)))
		return;
	storage->last = totals;
	storage->passes = 0;
}

/*
 * Every socket that has our storage, in all network namespaces. Sockets are not locked: the time
 * is taken before the flags are looked at, and closed() sets its flag before it takes its time. So
 * what is written here is older than the socket's last word, and user space can merge by time.
 */
SEC("iter/bpf_sk_storage_map")
int socket_progress(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct seq_file *out = ctx->meta->seq;
	struct socket_storage *storage = ctx->value;
	struct sock *sk = ctx->sk;
	struct tcp_sock *tcp;
	__u64 now = bpf_ktime_get_boot_ns();

	if (!sk || !storage)
		return 0;
	tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp)
		return 0;
	look_for_user(tcp, storage);
	if (is_cgroup_ignored(storage->owner.cgroup_id))
		return 0;
	if (storage->flags & SOCKET_CLOSED)
		return 0;
	if (storage->flags & SOCKET_LISTENER)
		tell_late_listen(out, tcp, storage, now);
	else if (!(storage->flags & SOCKET_ESTABLISHED))
		return 0;
	else if (storage->told == TOLD)
		tell_progress(out, tcp, storage, now);
	else
		tell_idle(out, tcp, storage, now);
	return 0;
}
