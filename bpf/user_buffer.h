/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * What a process gave to, or got from, the system call that it is in: found through its registers.
 * Only their values at entry are used, which the kernel keeps until the call returns.
 *
 * The pointers are the process's own: it may have changed what they lead to meanwhile, or have
 * lied. What is read so is what somebody claims to have said, never more.
 */
#ifndef TROUPE_BPF_USER_BUFFER_H
#define TROUPE_BPF_USER_BUFFER_H

#include "bpf/user_messages.h"

/* Where bytes are, and how far they were read: the rest of one buffer, then vectors. All 0 where
 * they cannot be had: sendfile, splice, io_uring, system calls of 32-bit processes. */
struct user_bytes {
	__u64 base; /* of the buffer, or of the vector that is being read */
	__u64 size; /* what is left of it */
	__u64 vectors;
	__u64 vector_count; /* what is left of them */
	__u64 name;	    /* the peer's address, where the call has one */
};

static __always_inline void find_in_message(struct user_bytes *to, __u64 at)
{
	struct user_msghdr message;

	if (bpf_probe_read_user(&message, sizeof(message), (void *)at))
		return;
	to->vectors = message.vectors;
	to->vector_count = message.vector_count;
	to->name = message.name;
}

/* Which bytes the task's system call is about, of which `size` went through. */
static __always_inline void find_user_bytes(struct task_struct *task, __u64 size,
					    struct user_bytes *to)
{
	struct pt_regs *registers;

	__builtin_memset(to, 0, sizeof(*to));
	if (task->flags & PF_KTHREAD)
		return;
	registers = (struct pt_regs *)bpf_task_pt_regs(task);
	if (!is_in_call(registers))
		return;
	switch (system_call(registers)) {
	case __NR_sendto:
	case __NR_recvfrom:
		to->name = ARGUMENT_5(registers);
		/* fallthrough */
	case __NR_read:
	case __NR_write:
		to->base = ARGUMENT_2(registers);
		to->size = ARGUMENT_3(registers) < size ? ARGUMENT_3(registers) : size;
		return;
	case __NR_readv:
	case __NR_writev:
	case __NR_preadv2: /* At -1, where the file stands: sockets have no other place. */
	case __NR_pwritev2:
		to->vectors = ARGUMENT_2(registers);
		to->vector_count = ARGUMENT_3(registers);
		return;
	case __NR_sendmsg:
	case __NR_recvmsg:
		find_in_message(to, ARGUMENT_2(registers));
		return;
	case __NR_sendmmsg:
	case __NR_recvmmsg:
		find_in_message(to, next_message(task, registers, size));
		return;
	default:
		return;
	}
}

/* Nothing went through: the call failed, or the message was empty. Only calls with many messages
 * have to know. */
static __always_inline void pass_message(struct task_struct *task, int result)
{
	struct pt_regs *registers;

	if (task->flags & PF_KTHREAD)
		return;
	registers = (struct pt_regs *)bpf_task_pt_regs(task);
	if (!is_many_messages(system_call(registers)) || !is_in_call(registers))
		return;
	if (result < 0)
		end_messages(task);
	else
		next_message(task, registers, result);
}

#endif
