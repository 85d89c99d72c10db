/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * What user space tells every object before it loads it. The section is read-only for programs:
 * the verifier takes each field for a constant and removes the branches that cannot be.
 */
#ifndef TROUPE_BPF_CONFIG_H
#define TROUPE_BPF_CONFIG_H

struct kernel_config {
	unsigned long long only_cgroup; /* no other cgroup's events; 0: all. For tests, and free */
	unsigned int wakeup_bytes;	/* unread bytes from which on the reader is woken */
	unsigned int data_limit_bytes;	/* unread bytes above which data events are refused */
	int cgroup_subsys;		/* enum cgroup_subsys_id of the hierarchy; -1: unified */
	unsigned char mark_victim_has_task; /* since 6.9 it gives the task, before only a pid */
	unsigned char exit_has_group_dead;  /* since 6.16 the last thread is marked as such */
	unsigned char owner_by_kprobe;	    /* accepted_sockets.h is in use */
	unsigned char l7;		    /* what is said on connections is captured */
	unsigned char l7_turns;		    /* and simple turns are counted without telling each */
	unsigned char receive_has_nonblock; /* tcp_recvmsg() until 5.18: one argument more */
	unsigned char pad[2];
};

#define KERNEL_CONFIG_SECTION ".rodata.config"

#endif
