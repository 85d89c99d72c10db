// SPDX-License-Identifier: Apache-2.0
#include "actors/console/doctor_report.hpp"

#include <doctest/doctest.h>
#include <linux/capability.h>
#include <simdjson.h>
#include <yaml-cpp/yaml.h>

using namespace troupe;

namespace {

constexpr uint64_t bit(unsigned capability) {
  return uint64_t{1} << capability;
}

const std::string id = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9";

doctor_report healthy() {
  doctor_report report;
  report.machine = {"6.1.0", "x86_64", true, cgroup_hierarchy{"/sys/fs/cgroup", ""},
                    judge_capabilities(bit(CAP_BPF) | bit(CAP_PERFMON))};
  report.features = {{"process", true, ""},
                     {"socket", false, "the kernel has no such hook"},
                     {"socket_owner", true, "", "fentry"}};
  runtime_status docker;
  docker.endpoint = {runtime_kind::docker, "/run/docker.sock"};
  docker.present = true;
  docker.message = "permission denied\x1b[2J";
  docker.error = ec::runtime_forbidden;
  report.runtimes = {docker};
  report.nat = {true, "cannot ask conntrack: Operation not permitted", false};
  return report;
}

} // namespace

TEST_CASE("capabilities: BPF and PERFMON are enough, and SYS_ADMIN stands for both") {
  CHECK(describe_missing(judge_capabilities(bit(CAP_BPF) | bit(CAP_PERFMON))).empty());
  CHECK(describe_missing(judge_capabilities(bit(CAP_SYS_ADMIN))).empty());
  CHECK(describe_missing(judge_capabilities(bit(CAP_BPF)))
        == "not permitted to load BPF programs: run it as root, or with the capability PERFMON");
  CHECK(describe_missing(judge_capabilities(0)).ends_with("the capabilities BPF and PERFMON"));
}

TEST_CASE("capabilities: the effective set is read from the status file") {
  CHECK(parse_effective_capabilities("Name:\tx\nCapPrm:\t00\nCapEff:\t000001ffffffffff\n")
        == 0x1ffffffffffU);
  CHECK_FALSE(parse_effective_capabilities("Name:\tx\n"));
  CHECK_FALSE(parse_effective_capabilities("\nCapEff:\t\n"));
}

TEST_CASE("machine: the first obstacle is named with what to do") {
  auto machine = healthy().machine;
  CHECK(describe_obstacle(machine).empty());
  machine.hierarchy.reset();
  CHECK(describe_obstacle(machine).find("--cgroup-root") != std::string::npos);
  machine.btf = false;
  CHECK(describe_obstacle(machine).find("CONFIG_DEBUG_INFO_BTF") != std::string::npos);
  machine.capabilities = judge_capabilities(0);
  CHECK(describe_obstacle(machine).find("root") != std::string::npos);
}

TEST_CASE("doctor: one feature is enough to run, none is not") {
  auto report = healthy();
  CHECK(describe_verdict(report).empty());
  report.features = {{"process", false, "refused"}, {"socket", false, "refused, too"}};
  CHECK(describe_verdict(report) == "this kernel takes none of the BPF programs: refused");
}

TEST_CASE("doctor: JSON has a section for each subject") {
  const auto text = render_report(healthy(), output_format::json, true, std::nullopt);
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  REQUIRE(parser.parse(text).get(root) == simdjson::SUCCESS);
  CHECK(bool{root["ok"]});
  CHECK(root["obstacle"].is_null());
  CHECK(std::string_view{root["kernel"]["release"]} == "6.1.0");
  CHECK(bool{root["btf"]["present"]});
  CHECK(uint64_t{root["cgroup"]["version"]} == 2);
  CHECK(std::string_view{root["features"].at(1)["reason"]} == "the kernel has no such hook");
  CHECK_FALSE(bool{root["features"].at(1)["enabled"]});
  CHECK(std::string_view{root["features"].at(2)["hook"]} == "fentry");
  CHECK(bool{root["nat"]["conntrack"]});
  CHECK_FALSE(bool{root["nat"]["cilium"]});
  CHECK(std::string_view{root["nat"]["obstacle"]}.starts_with("cannot ask conntrack"));
  CHECK(std::string_view{root["runtimes"].at(0)["error"]} == "runtime_forbidden");
  CHECK(std::string_view{root["capabilities"].at(0)["name"]} == "BPF");
}

TEST_CASE("doctor: YAML says the same, columns escape what a runtime said") {
  const auto yaml = YAML::Load(render_report(healthy(), output_format::yaml, true, std::nullopt));
  CHECK(yaml["ok"].as<bool>());
  CHECK(yaml["features"].size() == 3);
  const auto columns = render_report(healthy(), output_format::columns, true, std::nullopt);
  CHECK(columns.find("permission denied\\x1b[2J") != std::string::npos);
  CHECK(columns.find("socket") < columns.find("the kernel has no such hook"));
  CHECK(columns.find("by fentry") != std::string::npos);
}

TEST_CASE("doctor: a cgroup path is understood with its mount, and as /proc has it") {
  const cgroup_hierarchy memory{"/sys/fs/cgroup/memory", "memory"};
  const auto expected = R"({"path":"/docker/)" + id
                        + R"(","kind":"container","runtime":"docker","id":")" + id
                        + R"(","pod_uid":"","namespace":""})" + "\n";
  for (const std::string front : {"", "/sys/fs/cgroup/memory", "4:memory:", "0::"})
    CHECK(render_cgroup_path(front + "/docker/" + id, memory, output_format::json) == expected);
  CHECK(render_cgroup_path("/docker/" + id, std::nullopt, output_format::columns)
            .starts_with("path       /docker/" + id + "\nkind       container\n"));
  for (const auto* odd : {"", "/", "0", "0:", "::", "x", "\x1b[2J"})
    CHECK(render_cgroup_path(odd, memory, output_format::columns).find('\x1b')
          == std::string::npos);
}
