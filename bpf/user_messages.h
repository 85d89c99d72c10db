/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * Which message of sendmmsg() or recvmmsg() a send or receive is. The hooks run for each message,
 * and for the failure that ends a call early; so they are counted, with the task. What ends a call
 * and is not seen: the timeout of recvmmsg(), which is looked at between messages.
 */
#ifndef TROUPE_BPF_USER_MESSAGES_H
#define TROUPE_BPF_USER_MESSAGES_H

#include "bpf/system_call.h"

struct task_messages {
	__u64 first; /* address of the call's array; 0: no call is under way */
	__u32 next;  /* number of the next message */
	__u32 pad;
};

/* Only of tasks that ever made such a call. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_messages);
} task_messages SEC(".maps");

static __always_inline void end_messages(struct task_struct *task)
{
	struct task_messages *messages = bpf_task_storage_get(&task_messages, task, NULL, 0);

	if (messages)
		messages->first = 0;
}

#define MESSAGE_VECTORS_MAX 16

/* A stream may take a part of a message, which ends the call. */
static __always_inline bool is_part(__u64 at, __u64 size)
{
	struct user_mmsghdr message;
	struct user_iovec vector;
	__u64 all = 0;
	int i;

	if (bpf_probe_read_user(&message, sizeof(message), (void *)at))
		return true;
	for (i = 0; i < MESSAGE_VECTORS_MAX && all <= size; i++) {
		if ((__u64)i >= message.header.vector_count)
			break;
		if (bpf_probe_read_user(&vector, sizeof(vector),
					(void *)(message.header.vectors + i * sizeof(vector))))
			return true;
		all += vector.size;
	}
	return all > size;
}

/* Address of the message that was just sent or received. */
static __always_inline __u64 next_message(struct task_struct *task, struct pt_regs *registers,
					  __u64 size)
{
	__u64 first = ARGUMENT_2(registers);
	struct task_messages *messages;
	__u32 number;
	__u64 at;

	messages = bpf_task_storage_get(&task_messages, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!messages)
		return 0;
	number = messages->first == first ? messages->next : 0;
	at = first + number * sizeof(struct user_mmsghdr);
	messages->next = number + 1;
	messages->first = number + 1 < (__u32)ARGUMENT_3(registers) ? first : 0;
	if (system_call(registers) == __NR_sendmmsg && is_part(at, size))
		messages->first = 0;
	return at;
}

#endif
