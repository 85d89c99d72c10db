/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The system call that a task is in: its number, its arguments, and what they lead to. */
#ifndef TROUPE_BPF_SYSTEM_CALL_H
#define TROUPE_BPF_SYSTEM_CALL_H

#include "bpf/kernel_types.h"

#include <asm/unistd.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long ax;
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

static __always_inline int system_call(struct pt_regs *registers)
{
#if defined(__TARGET_ARCH_x86)
	return (int)registers->orig_ax;
#else
	return registers->syscallno;
#endif
}

/* On its way back to user space a task may do what was put off, io_uring's sends among it; by then
 * the register that returns the result has it, and the others are of a call that is over. */
static __always_inline bool is_in_call(struct pt_regs *registers)
{
#if defined(__TARGET_ARCH_x86)
	return (long)registers->ax == -38; /* ENOSYS, put there at entry */
#else
	return registers->regs[0] == registers->orig_x0;
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

static __always_inline bool is_many_messages(int call)
{
	return call == __NR_sendmmsg || call == __NR_recvmmsg;
}

#endif
