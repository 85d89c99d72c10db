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

#include "bpf/kernel_types.h"

#include <asm/unistd.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
};
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	unsigned long regs[31];
	unsigned long orig_x0;
	int syscallno;
};
#else
#error "system calls of this architecture are not known"
#endif

#pragma clang attribute pop

/* As user space lays them out, on 64 bits. */
struct user_iovec {
	__u64 base;
	__u64 size;
};

struct user_msghdr {
	__u64 name;
	__u32 name_size;
	__u32 pad;
	__u64 vectors;
	__u64 vector_count;
	__u64 control;
	__u64 control_size;
	__u32 flags;
	__u32 pad2;
};

struct user_mmsghdr {
	struct user_msghdr header;
	__u32 size;
	__u32 pad;
};

/* Where the bytes are: one buffer, or vectors. */
struct user_bytes {
	__u64 buffer;  /* 0: in vectors */
	__u64 vectors; /* 0: nowhere that can be read: sendfile, splice, io_uring */
	__u64 vector_count;
	__u64 name;	/* the peer's address, where the call has one */
	__u64 messages; /* of sendmmsg and recvmmsg: the first of many */
	__u32 message_count;
};

static __always_inline int system_call(struct pt_regs *registers)
{
#if defined(__TARGET_ARCH_x86)
	return (int)registers->orig_ax;
#else
	return registers->syscallno;
#endif
}

#if defined(__TARGET_ARCH_x86)
#define ARGUMENT_2(registers) ((registers)->si)
#define ARGUMENT_3(registers) ((registers)->dx)
#define ARGUMENT_5(registers) ((registers)->r8)
#else
#define ARGUMENT_2(registers) ((registers)->regs[1])
#define ARGUMENT_3(registers) ((registers)->regs[2])
#define ARGUMENT_5(registers) ((registers)->regs[4])
#endif

static __always_inline void find_in_message(struct user_bytes *to, __u64 at)
{
	struct user_msghdr message;

	if (bpf_probe_read_user(&message, sizeof(message), (void *)at))
		return;
	to->vectors = message.vectors;
	to->vector_count = message.vector_count;
	to->name = message.name;
}

/* Which bytes the task's system call is about; all 0 where they cannot be had. */
static __always_inline void find_user_bytes(struct task_struct *task, struct user_bytes *to)
{
	struct pt_regs *registers;

	__builtin_memset(to, 0, sizeof(*to));
	if (task->flags & PF_KTHREAD)
		return;
	registers = (struct pt_regs *)bpf_task_pt_regs(task);
	switch (system_call(registers)) {
	case __NR_read:
	case __NR_write:
	case __NR_pread64:
	case __NR_pwrite64:
		to->buffer = ARGUMENT_2(registers);
		return;
	case __NR_sendto:
	case __NR_recvfrom:
		to->buffer = ARGUMENT_2(registers);
		to->name = ARGUMENT_5(registers);
		return;
	case __NR_readv:
	case __NR_writev:
	case __NR_preadv:
	case __NR_pwritev:
	case __NR_preadv2:
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
		to->messages = ARGUMENT_2(registers);
		to->message_count = ARGUMENT_3(registers);
		return;
	default:
		return;
	}
}

#endif
