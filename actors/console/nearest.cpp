// SPDX-License-Identifier: Apache-2.0
#include "actors/console/nearest.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace troupe {

namespace {

// The table of edit_distance is quadratic, and a name may be as long as its maker likes.
constexpr size_t longest_compared = 256;

std::optional<size_t> likeness(std::string_view wanted, std::string_view candidate) {
  if (wanted.empty() || candidate.empty()
      || std::max(wanted.size(), candidate.size()) > longest_compared)
    return std::nullopt;
  const auto edits = edit_distance(wanted, candidate);
  if (edits <= std::max<size_t>(1, std::max(wanted.size(), candidate.size()) / 3))
    return edits;
  const bool contained =
      wanted.size() >= 2
      && (candidate.find(wanted) != std::string_view::npos
          || (candidate.size() >= 3 && wanted.find(candidate) != std::string_view::npos));
  return contained ? std::optional{edits + 100} : std::nullopt; // Behind every misspelling.
}

} // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> edits(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i)
    edits[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j)
    edits[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i)
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = edits[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      edits[i][j] = std::min({edits[i - 1][j] + 1, edits[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        edits[i][j] = std::min(edits[i][j], edits[i - 2][j - 2] + 1);
    }
  return edits[a.size()][b.size()];
}

std::vector<std::string> nearest(std::string_view wanted,
                                 const std::vector<std::string>& candidates, size_t count) {
  std::vector<std::pair<size_t, std::string>> found;
  for (const auto& candidate : candidates)
    if (const auto distance = likeness(wanted, candidate))
      found.emplace_back(*distance, candidate);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::vector<std::string> names;
  for (size_t i = 0; i < found.size() && i < count; ++i)
    names.push_back(std::move(found[i].second));
  return names;
}

std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& candidates) {
  const auto names = nearest(wanted, candidates, 1);
  return names.empty() ? std::string{} : "; did you mean '" + names.front() + "'?";
}

} // namespace troupe
