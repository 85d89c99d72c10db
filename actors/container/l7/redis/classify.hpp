// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/container/l7/conversation.hpp"

namespace troupe::l7::redis {

/// An array of bulk strings that begins with a name is RESP; words on a line are, where the server
/// answers them in RESP.
match classify(const opening& begun);

/// A command that is written as words on a line, by hand or by a probe. The protocols of others
/// have other words.
match matches_words(std::string_view client);

} // namespace troupe::l7::redis
