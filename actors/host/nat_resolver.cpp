// SPDX-License-Identifier: Apache-2.0
#include "actors/host/nat_resolver.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

/// Takes those flows out that `indices` name, has them followed, and puts them back.
template <class Function>
bool with_some(std::vector<nat_flow>& flows, const std::vector<size_t>& indices,
               Function&& follow) {
  if (indices.empty())
    return true;
  std::vector<nat_flow> some;
  some.reserve(indices.size());
  for (const auto i : indices)
    some.push_back(flows[i]);
  const bool complete = follow(some);
  for (size_t i = 0; i < indices.size(); ++i)
    flows[indices[i]] = some[i];
  return complete;
}

} // namespace

/// Many a process has ended when it is asked for. Another one of its container mostly lives where
/// it did; and when the container has ended, too, what is behind its namespace is still there.
nat_resolver::path nat_resolver::path_of(const nat_questions& questions,
                                         const nat_question& question) {
  const auto& [pid, start] = questions.standing;
  auto hops = sources_->path_of(question.pid, question.start_boottime_ns);
  if (hops.empty() && pid != 0)
    hops = sources_->path_of(pid, start);
  if (!hops.empty()) {
    if (last_.size() >= containers_max)
      last_.clear();
    last_[questions.container] = hops;
    return {std::move(hops), true};
  }
  if (const auto last = last_.find(questions.container); last != last_.end())
    return {last->second, true};
  return {{sources_->machine()}, false};
}

/// Most questions of a batch are of one process.
std::vector<const nat_resolver::path*> nat_resolver::paths_of(const nat_questions& questions) {
  batch_.clear();
  std::vector<const path*> result;
  result.reserve(questions.asked.size());
  for (const auto& x : questions.asked) {
    const auto [found, added] = batch_.try_emplace({x.pid, x.start_boottime_ns});
    if (added)
      found->second = path_of(questions, x);
    result.push_back(&found->second);
  }
  return result;
}

/// What goes to a loopback address stays in its own namespace: in another one such a flow would be
/// somebody else's.
bool nat_resolver::follow(size_t level, const std::vector<const path*>& paths,
                          std::vector<nat_flow>& flows) {
  std::map<uint64_t, std::vector<size_t>> by_namespace;
  for (size_t i = 0; i < flows.size(); ++i)
    if (level < paths[i]->hops.size()
        && ((level == 0 && paths[i]->known) || !is_loopback(flows[i].destination)))
      by_namespace[paths[i]->hops[level].network_namespace].push_back(i);
  bool complete = true;
  for (const auto& [inode, indices] : by_namespace)
    complete = with_some(flows, indices,
                         [&, where = paths[indices.front()]->hops[level]](
                             std::vector<nat_flow>& some) { return sources_->follow(where, some); })
               && complete;
  return complete;
}

nat_answers nat_resolver::answer(const nat_questions& questions) {
  std::vector<nat_flow> flows;
  flows.reserve(questions.asked.size());
  for (const auto& x : questions.asked) {
    auto& flow = flows.emplace_back(flow_of(x));
    if (const auto backend = sources_->backend_of(flow))
      flow.destination = *backend;
  }
  const auto paths = paths_of(questions);
  size_t levels = 0;
  for (const auto* x : paths)
    levels = std::max(levels, x->hops.size());
  bool complete = true;
  for (size_t level = 0; level < levels; ++level)
    complete = follow(level, paths, flows) && complete;
  nat_answers result;
  for (size_t i = 0; i < flows.size(); ++i) {
    const auto& asked = questions.asked[i];
    const auto peer = flow_of(asked).destination;
    const auto dialled = sources_->dialled_by(asked.socket_cookie, flow_of(asked)).value_or(peer);
    if (dialled != peer || flows[i].destination != peer)
      result.translated.push_back({asked.socket_cookie, dialled, flows[i].destination});
  }
  if (!complete)
    result.unanswered = questions.asked.size() - result.translated.size();
  return result;
}

} // namespace troupe
