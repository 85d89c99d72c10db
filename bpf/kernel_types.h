/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * The few kernel structs and fields that the programs read. CO-RE finds each field's true offset
 * in the running kernel's BTF when the program is loaded, so order and neighbours do not matter.
 */
#ifndef TROUPE_BPF_KERNEL_TYPES_H
#define TROUPE_BPF_KERNEL_TYPES_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>
#include <stddef.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Processes */

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	__u32 val;
} kuid_t;

struct cred {
	kuid_t uid;
};

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
};

struct signal_struct {
	atomic_t live; /* threads that have not begun to exit */
	int nr_threads;
	int group_exit_code;
	unsigned int flags;
};

struct css_set;

struct task_struct {
	unsigned int flags;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	__u64 start_boottime;
	const struct cred *real_cred;
	char comm[16];
	struct mm_struct *mm;
	struct css_set *cgroups;
	struct signal_struct *signal;
};

/* include/linux/sched.h and sched/signal.h: macros, so not in BTF; unchanged since 2.6. */
#define PF_EXITING 0x00000004
#define PF_KTHREAD 0x00200000
#define SIGNAL_GROUP_EXIT 0x00000004

/* Control groups */

struct kernfs_node {
	__u64 id;
};

struct cgroup_root {
	unsigned int subsys_mask;
	int hierarchy_id; /* 0: the unified hierarchy */
};

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	/* As many as the kernel has controllers; config.cgroup_subsys stays below that. */
	struct cgroup_subsys_state *subsys[32];
	struct cgroup *dfl_cgrp;
};

/* Sockets */

struct in6_addr {
	__u8 bytes[16];
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	unsigned short skc_num; /* of its own port, host byte order */
	unsigned short skc_family;
	volatile unsigned char skc_state;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	unsigned long skc_flags;
};

struct socket;

struct sock {
	struct sock_common __sk_common;
	struct socket *sk_socket;
	int sk_err;
	unsigned short sk_protocol;
};

enum sock_flags {
	SOCK_DONE = 1, /* tcp_fin() sets it: the peer's FIN was received in order */
};

struct inet_sock {
	struct sock sk;
	__be16 inet_sport; /* unlike skc_num it is still there when the port was given back */
};

struct tcp_ulp_ops;

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	const struct tcp_ulp_ops *icsk_ulp_ops; /* kernel TLS, for one */
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u64 bytes_received; /* counts the FIN as a byte */
	__u64 bytes_sent;     /* payload, retransmits included */
	__u64 bytes_acked;    /* counts SYN and FIN as bytes */
	__u64 bytes_retrans;
	__u32 total_retrans;
	__u32 srtt_us;	  /* times 8 */
	__u32 copied_seq; /* behind what user space has taken out */
	__u32 snd_una;
	__u32 snd_nxt;
};

struct file;

struct socket {
	struct file *file; /* NULL: the kernel's own */
	struct sock *sk;
};

#define AF_INET 2
#define AF_INET6 10

/* Iterators */

struct seq_file;
struct bpf_map;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	struct sock *sk;
	void *value;
};

#pragma clang attribute pop

#endif
