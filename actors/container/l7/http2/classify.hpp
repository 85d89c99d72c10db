// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7::http2 {

/// By the preface that every client says first, and by SETTINGS, which every server says first
/// (RFC 9113, section 3.4). In mid-stream by two frames of one side in a row.
match classify(const opening& begun);

} // namespace troupe::l7::http2
