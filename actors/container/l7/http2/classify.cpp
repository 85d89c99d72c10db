// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/http2/classify.hpp"

#include "actors/container/l7/http2/frame.hpp"

#include <optional>

namespace troupe::l7::http2 {
namespace {

/// How many frames stand there one after the other; nothing where something else does.
std::optional<int> count_frames(std::string_view bytes) {
  int count = 0;
  while (const auto x = read_frame_header(bytes)) {
    if (!is_usual(*x))
      return std::nullopt;
    ++count;
    if (x->size() > bytes.size())
      break;
    bytes.remove_prefix(static_cast<size_t>(x->size()));
  }
  return count;
}

/// A side may be in the midst of a long frame: two of the other one are proof enough.
match classify_midstream(const opening& begun) {
  const auto client = count_frames(begun.client);
  const auto server = count_frames(begun.server);
  const auto of_client = client.value_or(0);
  const auto of_server = server.value_or(0);
  if (of_client > 1 || of_server > 1)
    return match::yes;
  const auto is_possible = (client && server) || of_client + of_server > 0;
  return is_possible ? match::perhaps : match::no;
}

/// Servers may speak first.
match classify_server(std::string_view bytes) {
  const auto first = read_frame_header(bytes);
  if (!first)
    return match::perhaps;
  const auto is_settings = is_usual(*first) && first->type == frame_type::settings;
  return is_settings && first->flags == 0 ? match::perhaps : match::no;
}

} // namespace

match classify(const opening& begun) {
  if (begun.client.substr(0, preface.size()) == preface)
    return match::yes;
  if (!begun.client.empty() && preface.starts_with(begun.client))
    return match::perhaps;
  if (begun.in_midstream)
    return classify_midstream(begun);
  return begun.client.empty() ? classify_server(begun.server) : match::no;
}

} // namespace troupe::l7::http2
