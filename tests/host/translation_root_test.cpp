// SPDX-License-Identifier: Apache-2.0
// Needs root: makes network namespaces, NAT rules in them, and BPF maps.

#include "actors/host/cilium_maps.hpp"
#include "actors/host/kernel_nat_sources.hpp"
#include "actors/host/namespace_list.hpp"
#include "actors/host/nat_check.hpp"
#include "actors/host/nat_resolver.hpp"
#include "actors/host/process_list.hpp"
#include "tests/host/scripted_nat.hpp"
#include "tests/host/temporary_tree.hpp"
#include "tests/host/translated_connection.hpp"

#include <doctest/doctest.h>

#include <bpf/bpf.h>
#include <sys/mount.h>

using namespace troupe;

namespace {

uint64_t start_of(uint32_t pid) {
  const auto found = read_process("", pid, "");
  REQUIRE(found);
  return found->id.start_boottime_ns;
}

nat_questions questions_of(const translated_connections& child) {
  nat_questions result;
  for (const auto& x : child.ends()) {
    result.asked.push_back(x.question);
    result.asked.back().start_boottime_ns = start_of(child.pid());
  }
  return result;
}

/// Maps of a test, pinned where Cilium would.
struct pinned_maps {
  temporary_tree tree;
  std::string folder = tree.path("/pins");

  pinned_maps() {
    tree.make_directory("/pins");
    REQUIRE(mount("bpf", folder.c_str(), "bpf", 0, nullptr) == 0);
  }
  ~pinned_maps() { umount(folder.c_str()); }
  pinned_maps(const pinned_maps&) = delete;
  pinned_maps& operator=(const pinned_maps&) = delete;

  /// One entry in it.
  template <class Key, class Value>
  void pin(const std::string& name, const Key& key, const Value& value) {
    const int fd =
        bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "test", sizeof(Key), sizeof(Value), 16, nullptr);
    REQUIRE(fd >= 0);
    CHECK(bpf_map_update_elem(fd, &key, &value, BPF_ANY) == 0);
    REQUIRE(bpf_obj_pin(fd, (folder + '/' + name).c_str()) == 0);
    close(fd);
  }
};

// The layouts of Cilium's maps, as its bpf/lib/common.h and lb.h publish them.
struct reverse4_key {
  uint64_t cookie;
  uint32_t address;
  uint16_t port;
  uint16_t pad;
};
struct reverse4_value {
  uint32_t address;
  uint16_t port;
  uint16_t rev_nat_index;
};
struct reverse6_key {
  uint64_t cookie;
  uint64_t address[2];
  uint16_t port;
  uint16_t pad[3];
};
struct reverse6_value {
  uint64_t address[2];
  uint16_t port;
  uint16_t rev_nat_index;
  uint32_t pad;
};
struct __attribute__((packed)) tuple4 {
  uint32_t daddr;
  uint32_t saddr;
  uint16_t dport;
  uint16_t sport;
  uint8_t nexthdr;
  uint8_t flags;
};
struct __attribute__((packed)) tuple6 {
  uint64_t daddr[2];
  uint64_t saddr[2];
  uint16_t dport;
  uint16_t sport;
  uint8_t nexthdr;
  uint8_t flags;
};
struct ct_entry {
  uint64_t reserved;
  uint64_t backend_id;
  uint64_t packets;
  uint64_t bytes;
  uint32_t lifetime;
  uint16_t flags;
  uint16_t rev_nat_index;
  uint16_t ifindex;
  uint8_t seen[2];
  uint32_t src_sec_id;
  uint32_t reports[2];
};
static_assert(sizeof(tuple4) == 14 && sizeof(tuple6) == 38 && sizeof(ct_entry) == 56);
struct backend4 {
  uint32_t address;
  uint16_t port;
  uint8_t proto_and_flags[2];
  uint16_t cluster_id;
  uint8_t zone;
  uint8_t pad;
};
struct backend6 {
  uint64_t address[2];
  uint16_t port;
  uint8_t proto_and_flags[2];
  uint16_t cluster_id;
  uint8_t zone;
  uint8_t pad;
};

uint32_t v4(const nat_address& x) {
  uint32_t result = 0;
  std::memcpy(&result, x.ip.data() + 12, sizeof(result));
  return result;
}
void put_v6(void* to, const nat_address& x) {
  std::memcpy(to, x.ip.data(), x.ip.size());
}

const auto client = address("10.0.0.2", 40000);
const auto service = address("10.96.0.10", 80);
const auto backend = address("10.1.0.7", 8080);
const auto client6 = address("fd00::2", 40000);
const auto service6 = address("fd00:96::10", 53);
const auto backend6_at = address("fd00:1::7", 5353);

} // namespace

TEST_CASE("conntrack of a container's own namespace says where its connections go") {
  const translated_connections child;
  REQUIRE(child.ends().size() == 2);
  const auto before = read_namespaces("", static_cast<uint32_t>(getpid()));
  nat_resolver resolver{std::make_unique<kernel_nat_sources>("")};
  const auto answers = resolver.answer(questions_of(child));
  CHECK(answers.unanswered == 0);
  REQUIRE(answers.translated.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    const auto& asked = child.ends()[i];
    CHECK(answers.translated[i].socket_cookie == asked.question.socket_cookie);
    CHECK(answers.translated[i].dialled == flow_of(asked.question).destination);
    CHECK(answers.translated[i].actual == asked.actual);
  }
  CHECK(read_namespaces("", static_cast<uint32_t>(getpid())) == before);
}

TEST_CASE("conntrack: a flow that it does not know stays as it is, among many that it knows") {
  const translated_connections child;
  REQUIRE(child.ends().size() == 2);
  kernel_nat_sources sources{""};
  const auto path = sources.path_of(child.pid(), start_of(child.pid()));
  REQUIRE(path.size() == 2);
  CHECK(path[1].network_namespace == sources.machine().network_namespace);
  std::vector<nat_flow> flows;
  for (size_t i = 0; i < 500; ++i) {
    flows.push_back(flow_of(child.ends()[i % 2].question));
    if (i % 3 == 0)
      flows.back().source.port = 1;
  }
  const auto asked = flows;
  CHECK(sources.follow(path[0], flows));
  for (size_t i = 0; i < 500; ++i) {
    CHECK((flows[i] == asked[i]) == (i % 3 == 0));
    if (i % 3 != 0)
      CHECK(flows[i].destination == child.ends()[i % 2].actual);
  }
}

TEST_CASE("a process that is another one by now has no namespaces") {
  const translated_connections child;
  REQUIRE(child.ends().size() == 2);
  kernel_nat_sources sources{""};
  CHECK(sources.path_of(child.pid(), start_of(child.pid()) + 1'000'000'000).empty());
  CHECK(sources.path_of(child.pid(), 0).empty());
  CHECK_FALSE(sources.path_of(child.pid(), start_of(child.pid()) + 1'000'000).empty());
}

TEST_CASE("conntrack: without the capability it is said what is missing") {
  CHECK(check_nat("").conntrack);
  CHECK(check_nat("").obstacle.empty());
  const auto asker = fork();
  REQUIRE(asker >= 0);
  if (asker == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0)
      _exit(2);
    const auto said = check_nat("");
    _exit(said.conntrack && said.obstacle.find("NET_ADMIN") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(asker, &status, 0) == asker);
  CHECK(status == 0);
}

TEST_CASE("Cilium: what was dialled is found by the socket and the backend in it") {
  pinned_maps pins;
  pins.pin("cilium_lb4_reverse_sk", reverse4_key{77, v4(backend), htons(backend.port), 0},
           reverse4_value{v4(service), htons(service.port), 1});
  reverse6_key key{78, {}, htons(backend6_at.port), {}};
  put_v6(&key.address, backend6_at);
  reverse6_value value{{}, htons(service6.port), 1, 0};
  put_v6(&value.address, service6);
  pins.pin("cilium_lb6_reverse_sk", key, value);
  cilium_maps maps{pins.folder, true};
  CHECK(maps.are_there());
  CHECK(maps.dialled_by(77, {client, backend, false}) == service);
  CHECK_FALSE(maps.dialled_by(78, {client, backend, false}));
  CHECK_FALSE(maps.dialled_by(77, {client, client, false}));
  CHECK_FALSE(maps.backend_of({client, service, false}));
  cilium_maps maps6{pins.folder, false};
  CHECK(maps6.dialled_by(78, {client6, backend6_at, true}) == service6);
}

TEST_CASE("Cilium: a flow's service entry leads to its backend") {
  pinned_maps pins;
  ct_entry entry{};
  entry.backend_id = 9;
  pins.pin("cilium_ct4_global",
           tuple4{v4(service), v4(client), htons(client.port), htons(service.port), 6, 4}, entry);
  pins.pin("cilium_lb4_backends_v3", uint32_t{9},
           backend4{v4(backend), htons(backend.port), {}, 0, 0, 0});
  cilium_maps maps{pins.folder, true};
  CHECK(maps.backend_of({client, service, false}) == backend);
  CHECK_FALSE(maps.backend_of({client, service, true})); // Of UDP there is no map.
  CHECK_FALSE(maps.backend_of({service, client, false}));

  tuple6 key{{}, {}, htons(client6.port), htons(service6.port), 17, 4};
  put_v6(&key.daddr, service6);
  put_v6(&key.saddr, client6);
  pins.pin("cilium_ct_any6_global", key, entry);
  backend6 to{{}, htons(backend6_at.port), {}, 0, 0, 0};
  put_v6(&to.address, backend6_at);
  pins.pin("cilium_lb6_backends_v2", uint32_t{9}, to);
  cilium_maps maps6{pins.folder, false};
  CHECK(maps6.backend_of({client6, service6, true}) == backend6_at);
}

TEST_CASE("Cilium: maps of another shape are left alone, and none is no error") {
  pinned_maps pins;
  CHECK_FALSE(cilium_maps{pins.folder, true}.are_there());
  pins.pin("cilium_lb4_reverse_sk", uint64_t{1}, uint64_t{2});
  pins.pin("cilium_lb4_backends_v3", uint64_t{1}, uint64_t{2});
  CHECK_FALSE(cilium_maps{pins.folder, true}.are_there());
}
