// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * Who uses an accepted socket, where the kernel has no tracepoint behind sends and receives. At a
 * function's entry, not at its exit: it costs less, and who waits for data is a user already.
 */
#include "bpf/socket_use.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* inet_sendmsg(), inet6_sendmsg() -> tcp_sendmsg(): every way to send bytes from user memory. */
SEC("fentry/tcp_sendmsg")
int socket_sent(__u64 *ctx)
{
	return socket_used((struct sock *)ctx[0]);
}

/* inet_recvmsg(), inet6_recvmsg() -> tcp_recvmsg(). */
SEC("fentry/tcp_recvmsg")
int socket_received(__u64 *ctx)
{
	return socket_used((struct sock *)ctx[0]);
}

/* sendfile() and splice() to a socket, until 6.4: inet_sendpage() -> tcp_sendpage(). Since 6.5
 * (2bfc66850952) they go through tcp_sendmsg(). */
SEC("?fentry/tcp_sendpage")
int socket_page_sent(__u64 *ctx)
{
	return socket_used((struct sock *)ctx[0]);
}

/* splice() from a socket. */
SEC("?fentry/tcp_splice_read")
int socket_spliced(__u64 *ctx)
{
	struct socket *socket = (struct socket *)ctx[0];
	struct sock *sk = socket->sk;

	return sk ? socket_used(sk) : 0;
}
