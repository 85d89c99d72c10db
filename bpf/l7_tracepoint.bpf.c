// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * What is said on connections, on kernels from 6.3 on. Before that: l7_fentry.bpf.c. A kprobe has
 * no access to a socket's storage: where the kernel takes no fentry either, nothing is captured.
 *
 * Both hooks are behind the call: the length is what was really sent or received. The owner of an
 * accepted socket is learned on the same hooks: where these programs are attached they do it, and
 * socket_owner's (socket_owner_tracepoint.bpf.c) are taken away. One program costs less than two.
 */
#include "bpf/socket_use.h"
#define L7_LEARNS_OWNERS
#include "bpf/l7_capture.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/sock_send_length")
int l7_sent(__u64 *ctx)
{
	return capture((struct sock *)ctx[0], (int)ctx[1], 0, L7_SENDING);
}

SEC("tp_btf/sock_recv_length")
int l7_received(__u64 *ctx)
{
	return capture((struct sock *)ctx[0], (int)ctx[1], (int)ctx[2], L7_RECEIVING);
}
