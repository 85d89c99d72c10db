// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * Who uses an accepted socket, on kernels from 6.3 on. Before that: socket_owner_fentry.bpf.c, and
 * socket_owner_kprobe.bpf.c where the kernel takes no fentry.
 */
#include "bpf/socket_use.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* sock_sendmsg_nosec(), behind every way to send but TCP's own splice; in the sender's context. */
SEC("tp_btf/sock_send_length")
int socket_sent(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	return socket_used(sk);
}

/* sock_recvmsg_nosec(): likewise for receiving. */
SEC("tp_btf/sock_recv_length")
int socket_received(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	return socket_used(sk);
}
