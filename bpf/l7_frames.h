/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * Where the frames of HTTP/2 begin (RFC 9113, section 4.1). Data is most of what is said there, and
 * nobody needs more of it than the frame's header: what a slice (bpf/l7_shipment.h) holds of a
 * frame of data that goes on behind it is left out, and the next slice begins with the next frame.
 * So user space hears every other frame, however long a send is.
 *
 * It is known from a connection's first byte on, in each direction by itself, or from where user
 * space says, and lost where bytes are not read; then slices are what they are for other protocols.
 * User space relies on none of this: a chunk says which bytes it holds.
 */
#ifndef TROUPE_BPF_L7_FRAMES_H
#define TROUPE_BPF_L7_FRAMES_H

#include "bpf/l7_shipment.h"

#define FRAME_DATA 0
#define FRAME_SETTINGS 4
#define FRAME_TYPE_MAX 0x10 /* PRIORITY_UPDATE, the last one that is registered */
#define PREFACE_BYTES 24
/* A slice full of frames without a payload, of which two are cut in two. */
#define L7_WALK_STEPS_MAX (L7_SLICE_BYTES / L7_FRAME_HEADER_BYTES + 2 * L7_FRAME_HEADER_BYTES)

/* What a client says first. */
static __always_inline bool is_preface(const __u8 *bytes)
{
	return bytes[0] == 'P' && bytes[1] == 'R' && bytes[2] == 'I' && bytes[3] == ' ' &&
	       bytes[4] == '*' && bytes[5] == ' ' && bytes[6] == 'H' && bytes[7] == 'T' &&
	       bytes[8] == 'T' && bytes[9] == 'P' && bytes[10] == '/' && bytes[11] == '2';
}

/* What a server says first: few settings, for the whole connection. */
static __always_inline bool is_first_settings(const __u8 *bytes)
{
	return !bytes[0] && !bytes[1] && bytes[2] % 6 == 0 && bytes[3] == FRAME_SETTINGS &&
	       !bytes[4] && !bytes[5] && !bytes[6] && !bytes[7] && !bytes[8];
}

/* The draft holds the first bytes of a direction. */
static __always_inline void find_first_frame(struct l7_draft *draft, struct l7_shipment *shipped)
{
	struct l7_frames *frames = &shipped->frames;

	__builtin_memset(frames, 0, sizeof(*frames));
	if (shipped->captured >= PREFACE_BYTES && is_preface(draft->bytes)) {
		frames->step = FRAMES_KNOWN;
		frames->left = PREFACE_BYTES;
	} else if (shipped->captured >= L7_FRAME_HEADER_BYTES && is_first_settings(draft->bytes)) {
		frames->step = FRAMES_KNOWN;
	}
}

/* User space knows that one begins here. */
static __always_inline bool is_frame_known(struct l7_frames *frames, struct l7_verdict *verdict,
					   __u64 position, enum l7_direction direction)
{
	return frames->step == FRAMES_UNKNOWN && verdict && verdict->frames &&
	       verdict->rest[direction & 1] == position;
}

static __always_inline void begin_frames(struct l7_frames *frames)
{
	frames->step = FRAMES_KNOWN;
	frames->left = 0;
	frames->header_size = 0;
}

static __always_inline void begin_frame(struct l7_shipment *shipped, const __u8 *header)
{
	struct l7_frames *frames = &shipped->frames;

	if (header[3] > FRAME_TYPE_MAX || header[5] & 0x80)
		frames->step = FRAMES_UNKNOWN;
	frames->left = header[0] << 16 | header[1] << 8 | header[2];
	frames->is_data = header[3] == FRAME_DATA;
	frames->header_size = 0;
	shipped->header_end = shipped->walked;
}

/* A header that was cut in two, byte by byte. */
static __always_inline void take_header_byte(struct l7_shipment *shipped, const __u8 *byte)
{
	struct l7_frames *frames = &shipped->frames;
	__u32 size = frames->header_size;

	if (size >= L7_FRAME_HEADER_BYTES)
		return;
	frames->header[size] = *byte;
	frames->header_size = size + 1;
	shipped->walked++;
	if (size + 1 == L7_FRAME_HEADER_BYTES)
		begin_frame(shipped, frames->header);
}

static __always_inline void pass_payload(struct l7_shipment *shipped)
{
	struct l7_frames *frames = &shipped->frames;
	__u32 here = shipped->captured - shipped->walked;
	__u32 step = frames->left < here ? frames->left : here;

	frames->left -= step;
	shipped->walked += step;
}

/* Through a header, and its frame's payload. False at the end of the slice. Global, so that the
 * verifier looks at it once and not at each step. */
__noinline int walk_on(struct l7_draft *draft, struct l7_shipment *shipped)
{
	const __u8 *here;
	__u32 at;

	if (!draft || !shipped)
		return 0;
	at = shipped->walked;
	here = draft->bytes + (at & (L7_SLICE_BYTES - 1));
	if (at >= shipped->captured || shipped->frames.step != FRAMES_KNOWN)
		return 0;
	if (shipped->frames.left) {
		pass_payload(shipped);
	} else if (shipped->frames.header_size || shipped->captured - at < L7_FRAME_HEADER_BYTES) {
		take_header_byte(shipped, here);
	} else {
		shipped->walked = at + L7_FRAME_HEADER_BYTES;
		begin_frame(shipped, here);
		pass_payload(shipped);
	}
	return 1;
}

/* Looks where the frames in the draft end, and passes the rest of the last one if it is data. */
__noinline int walk_frames(struct l7_draft *draft, struct l7_shipment *shipped)
{
	struct l7_frames *frames;
	__u32 behind;
	int i;

	if (!draft || !shipped)
		return 0;
	frames = &shipped->frames;
	if (frames->step == FRAMES_BEGIN)
		find_first_frame(draft, shipped);
	if (frames->step != FRAMES_KNOWN)
		return 0;
	shipped->walked = 0;
	shipped->header_end = 0;
	for (i = 0; i < L7_WALK_STEPS_MAX; i++)
		if (!walk_on(draft, shipped))
			break;
	if (shipped->walked < shipped->captured)
		frames->step = FRAMES_UNKNOWN;
	if (frames->step != FRAMES_KNOWN)
		return 0;
	shipped->tail = 0;
	if (!frames->left || !frames->is_data)
		return 0;
	behind = shipped->size - shipped->captured;
	shipped->passed = frames->left < behind ? frames->left : behind;
	frames->left -= shipped->passed;
	shipped->kept = shipped->header_end;
	return 0;
}

#endif
