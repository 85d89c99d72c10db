// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * What is said on connections: the first bytes of every send and receive, until user space has
 * found out what is spoken; then as many as that protocol needs, or nothing any more.
 *
 * Both hooks are behind the call: the length is what was really sent or received. Attached after
 * socket_owner, which has made the socket's storage by then.
 */
#include "bpf/l7_capture.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/sock_send_length")
int l7_sent(__u64 *ctx)
{
	return capture((struct sock *)ctx[0], (int)ctx[1], L7_SENDING);
}

SEC("tp_btf/sock_recv_length")
int l7_received(__u64 *ctx)
{
	/* Who only looks at bytes (MSG_PEEK) gets them again. */
	if ((int)ctx[2] & MSG_PEEK)
		return 0;
	return capture((struct sock *)ctx[0], (int)ctx[1], L7_RECEIVING);
}
