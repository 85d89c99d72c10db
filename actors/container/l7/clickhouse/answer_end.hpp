// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::l7::clickhouse {

/// Where the packets begin with which an answer ends, in bytes that begin anywhere in it: an
/// exception, or the block without columns that is behind the rows, and then each packet up to
/// EndOfStream, which is the last of the bytes. Both beginnings are unmistakable, and a row of
/// packets that meets the end of the bytes is no accident. Nothing where there is none.
std::optional<size_t> find_answer_end(std::string_view bytes, uint64_t revision,
                                      std::optional<bool> compressed);

} // namespace troupe::l7::clickhouse
