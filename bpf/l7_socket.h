/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* What we remember of what is said on a socket: it lies with the socket and dies with it. */
#ifndef TROUPE_BPF_L7_SOCKET_H
#define TROUPE_BPF_L7_SOCKET_H

#include "bpf/kernel_types.h"
#include "bpf/event.h"

enum l7_direction { L7_SENDING = 0, L7_RECEIVING = 1 };

/* Turns that the kernel counts by itself; see bpf/l7_turns.h. */
struct l7_turn_state {
	__u64 run_began[2]; /* positions at which the present run of simple turns began */
	__u64 asked_ns;	    /* when the request, or an answer that overtook it, came */
	__u64 duration_sum_ns;
	__u32 durations[L7_TURN_BUCKETS];
	__u32 counts[L7_TURN_STATUSES];
	__u16 statuses[L7_TURN_STATUSES];
	__u16 early_status; /* of the answer that came before its request */
	__u8 counting;	    /* no chunk is told */
	__u8 client;	    /* whose sends are requests: enum l7_direction */
	__u32 step;	    /* enum l7_turn_step */
	__u32 told;	    /* turns that the iterator has told last */
};

/* What is known of the frames of one direction; see bpf/l7_frames.h. */
enum l7_frames_step { FRAMES_UNKNOWN = 0, FRAMES_BEGIN, FRAMES_KNOWN };
#define L7_FRAME_HEADER_BYTES 9

struct l7_frames {
	__u32 left;	  /* bytes until the next one begins */
	__u8 step;	  /* enum l7_frames_step */
	__u8 is_data;	  /* the one that they belong to */
	__u8 header_size; /* what is there of the next one's header */
	__u8 header[L7_FRAME_HEADER_BYTES];
};

struct l7_socket {
	__u64 position[2];     /* bytes so far, by enum l7_direction */
	__u32 undecided_bytes; /* of the ring, before it was decided */
	__u32 opaque;	       /* nobody wants more of it, ever */
	__u32 heard;	       /* sequence number behind what was received last */
	__u32 has_heard;       /* it is known */
	struct l7_turn_state turns;
	struct l7_frames frames[2]; /* by enum l7_direction */
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct l7_socket);
} l7_sockets SEC(".maps");

#endif
