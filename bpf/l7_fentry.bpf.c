// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * What is said on connections, where the kernel has no tracepoint behind sends and receives. At the
 * functions' exit: what they return is what was really sent or received. They are those of
 * socket_owner_fentry.bpf.c, which run at the entry, and so before; and UDP's.
 */
#include "bpf/l7_capture.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The verifier wants each place in the context as a constant of its own, where the compiler would
 * make one of two. */
#define READ_CONTEXT(to, ctx, at) asm volatile("%0 = *(u64 *)(%1 + " #at ")" : "=r"(to) : "r"(ctx))

/* (sk, message, size, flags, name_size), and behind that the result. Until 5.18 there is an
 * argument more: nonblock, before the flags. */
static __always_inline int tell_received(__u64 *ctx)
{
	__u64 result;
	__u64 flags;

	if (config.receive_has_nonblock) {
		READ_CONTEXT(flags, ctx, 32);
		READ_CONTEXT(result, ctx, 48);
	} else {
		READ_CONTEXT(flags, ctx, 24);
		READ_CONTEXT(result, ctx, 40);
	}
	return capture((struct sock *)ctx[0], (int)result, (int)flags, L7_RECEIVING);
}

/* (sk, message, size) */
SEC("fexit/tcp_sendmsg")
int l7_sent(__u64 *ctx)
{
	return capture((struct sock *)ctx[0], (int)ctx[3], 0, L7_SENDING);
}

SEC("fexit/tcp_recvmsg")
int l7_received(__u64 *ctx)
{
	return tell_received(ctx);
}

/* (sk, page, offset, size, flags): sendfile() and splice() to a socket, until 6.4. */
SEC("?fexit/tcp_sendpage")
int l7_page_sent(__u64 *ctx)
{
	return capture((struct sock *)ctx[0], (int)ctx[5], 0, L7_SENDING);
}

/* (socket, position, pipe, size, flags): splice() from a socket. */
SEC("?fexit/tcp_splice_read")
int l7_spliced(__u64 *ctx)
{
	struct socket *socket = (struct socket *)ctx[0];
	struct sock *sk = socket->sk;

	return sk ? capture(sk, (int)ctx[5], 0, L7_RECEIVING) : 0;
}

SEC("fexit/udp_sendmsg")
int l7_datagram_sent(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];

	/* udpv6_sendmsg() hands v4-mapped peers on to udp_sendmsg(), and tells of them itself. */
	if (sk->__sk_common.skc_family != AF_INET)
		return 0;
	return capture(sk, (int)ctx[3], 0, L7_SENDING);
}

SEC("fexit/udp_recvmsg")
int l7_datagram_received(__u64 *ctx)
{
	return tell_received(ctx);
}

SEC("?fexit/udpv6_sendmsg")
int l7_datagram6_sent(__u64 *ctx)
{
	return capture((struct sock *)ctx[0], (int)ctx[3], 0, L7_SENDING);
}

SEC("?fexit/udpv6_recvmsg")
int l7_datagram6_received(__u64 *ctx)
{
	return tell_received(ctx);
}
