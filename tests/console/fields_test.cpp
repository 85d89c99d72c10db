// SPDX-License-Identifier: Apache-2.0
#include "actors/console/event_fields.hpp"
#include "actors/console/field_selection.hpp"
#include "actors/console/list_fields.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace troupe;

namespace {

const std::vector<field_info> fields{
    {"a", "A", 1, false, shown::everywhere, ""},
    {"b", "B", 1, false, shown::wide, ""},
    {"c", "C", 1, false, shown::structured, ""},
    {"label", "LABEL", 1, false, shown::on_request, ""},
};

std::vector<size_t> chosen(std::string_view request, output_format format) {
  std::string error;
  auto result = select_fields(fields, request, format, error);
  REQUIRE_MESSAGE(result, error);
  return *result;
}

std::string complaint(std::string_view request) {
  std::string error;
  CHECK_FALSE(select_fields(fields, request, output_format::columns, error));
  return error;
}

std::set<std::string> names_of(const std::vector<field_info>& infos) {
  std::set<std::string> names;
  for (const auto& x : infos)
    names.emplace(x.name);
  return names;
}

} // namespace

TEST_CASE("fields: each format has its own choice") {
  using indexes = std::vector<size_t>;
  CHECK(chosen("", output_format::columns) == indexes{0});
  CHECK(chosen("", output_format::wide) == indexes{0, 1});
  CHECK(chosen("", output_format::json) == indexes{0, 1, 2});
  CHECK(chosen("", output_format::yaml) == indexes{0, 1, 2});
}

TEST_CASE("fields: a list is exactly that, in its order, in every format") {
  using indexes = std::vector<size_t>;
  for (const auto format :
       {output_format::columns, output_format::wide, output_format::json, output_format::yaml})
    CHECK(chosen("label,a", format) == indexes{3, 0});
  CHECK(chosen("a,a", output_format::json) == indexes{0});
}

TEST_CASE("fields: plus and minus change the format's choice") {
  using indexes = std::vector<size_t>;
  CHECK(chosen("+label,-a", output_format::wide) == indexes{1, 3});
  CHECK(chosen("-b", output_format::json) == indexes{0, 2});
  CHECK(chosen("+a", output_format::columns) == indexes{0});
  CHECK(chosen("-label", output_format::columns) == indexes{0});
}

TEST_CASE("fields: what cannot be understood is named") {
  CHECK(complaint("a,lable") == "unknown field 'lable'; did you mean 'label'?");
  CHECK(complaint("a,") == "unknown field ''");
  CHECK(complaint("+a,b") == "--fields takes either 'a,b' or '+a,-b', not a mix of both");
  CHECK(complaint("a,+b") == "--fields takes either 'a,b' or '+a,-b', not a mix of both");
  CHECK(complaint("-a") == "--fields leaves no field to show");
}

TEST_CASE("fields: --list has a line for each") {
  const auto text = describe_fields(fields);
  CHECK(text.starts_with("FIELD  SHOWN"));
  CHECK(text.find("label  on request") != std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 5);
}

TEST_CASE("fields: every event has what scripts were promised") {
  const std::set<std::string> common{"time",       "event", "container_id", "runtime",
                                     "runtime_id", "pid",   "comm"};
  const std::vector<std::pair<trace_kind, std::set<std::string>>> promised{
      {trace_kind::exec, {"argv", "ppid", "uid"}},
      {trace_kind::exit, {"exit_code", "signal", "oom", "duration_ns"}},
      {trace_kind::oom, {"exit_code", "signal", "oom", "duration_ns"}},
      {trace_kind::tcp,
       {"direction", "src", "dst", "actual_dst", "bytes_sent", "bytes_received", "rtt_ns",
        "retransmits", "duration_ns", "error"}},
      {trace_kind::l7,
       {"protocol", "tls", "direction", "peer", "operation", "status", "duration_ns",
        "request_bytes", "response_bytes", "outcome", "traceparent"}},
      {trace_kind::dns,
       {"direction", "peer", "request_type", "domain", "answers", "status", "outcome",
        "duration_ns"}},
  };
  for (const auto& [kind, own] : promised) {
    const auto infos = infos_of(event_fields(kind));
    const auto names = names_of(infos);
    CHECK(names.size() == infos.size());
    CHECK(std::includes(names.begin(), names.end(), common.begin(), common.end()));
    CHECK(std::includes(names.begin(), names.end(), own.begin(), own.end()));
    std::string error;
    const auto json = *select_fields(infos, "", output_format::json, error);
    for (const auto& x : infos)
      if (common.contains(std::string{x.name}) || own.contains(std::string{x.name}))
        CHECK(x.where != shown::on_request);
    CHECK(json.size() >= common.size() + own.size());
  }
}

TEST_CASE("fields: every listed container has what scripts were promised") {
  const std::set<std::string> promised{"container_id", "runtime",      "runtime_id", "name",
                                       "image",        "image_digest", "state",      "pid",
                                       "created",      "started",      "finished",   "exit_code",
                                       "restarts",     "labels",       "namespace",  "pod"};
  const auto names = names_of(infos_of(list_fields()));
  CHECK(std::includes(names.begin(), names.end(), promised.begin(), promised.end()));
  for (const auto& x : list_fields())
    CHECK(x.info.where != shown::on_request);
}
