// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace troupe::l7::mysql {

/// How an answer with rows ended.
struct ending {
  size_t at = 0; ///< where the packet begins that closes the rows
  /// What is before it is a packet, too, and no definition of a column: an EOF may close them.
  bool follows_row = false;
  bool goes_on = false; ///< another result follows
};

/// Of bytes that begin anywhere in an answer: an EOF, the OK that stands for one, or an error, with
/// which they end; or such an EOF, and behind it the OK that ends a procedure. Nothing where there
/// is none.
///
/// That a row looks like an EOF by chance: four bytes have to have one value each; that there is a
/// row before it, another four, in one of 4,000 places: 2^-52 of both. By itself either is no
/// proof: it is one once the client speaks, who has got its answer then. Who stores bytes can put
/// both into a row; it is believed where a send or receive ends exactly behind it, and then what
/// follows is out of sync, until the client speaks: one request has the wrong outcome.
std::optional<ending> find_ending(std::string_view bytes);

} // namespace troupe::l7::mysql
