// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * What is said on connections, on kernels from 6.3 on. Before that: l7_fentry.bpf.c, and
 * l7_kprobe.bpf.c where the kernel takes no fentry.
 *
 * Both hooks are behind the call: the length is what was really sent or received. Attached after
 * socket_owner, which has made the socket's storage by then.
 */
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
