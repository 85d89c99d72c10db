// SPDX-License-Identifier: Apache-2.0
// Needs root: makes a network namespace.

#include "actors/host/namespace_list.hpp"
#include "actors/host/process_list.hpp"
#include "actors/host/socket_list.hpp"
#include "tests/host/loopback_connection.hpp"

#include <cstring>

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

using namespace troupe;

namespace {

void bring_loopback_up() {
  const int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq loopback{};
  std::strcpy(loopback.ifr_name, "lo");
  loopback.ifr_flags = IFF_UP;
  ioctl(any, SIOCSIFFLAGS, &loopback);
  close(any);
}

/// A child in a network namespace of its own with a listen and a connection; it ends when `end`
/// is closed. `said` becomes its listen's address.
pid_t start_child(int& end, std::string& said) {
  std::array<int, 2> ready{};
  std::array<int, 2> stop{};
  REQUIRE(pipe2(ready.data(), O_CLOEXEC) == 0);
  REQUIRE(pipe2(stop.data(), O_CLOEXEC) == 0);
  const auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(stop[1]);
    if (unshare(CLONE_NEWNET) != 0)
      _exit(1);
    bring_loopback_up();
    const loopback_connection pair;
    const auto name = pair.name_of(pair.listener);
    char never = 0;
    if (!pair.ready || write(ready[1], name.data(), name.size()) < 0
        || read(stop[0], &never, 1) < 0)
      _exit(1);
    _exit(0);
  }
  close(ready[1]);
  close(stop[0]);
  end = stop[1];
  std::array<char, 64> name{};
  const auto size = read(ready[0], name.data(), name.size());
  REQUIRE(size > 0);
  said.assign(name.data(), static_cast<size_t>(size));
  close(ready[0]);
  return child;
}

} // namespace

TEST_CASE("sockets of another network namespace, and we stay in ours") {
  int end = -1;
  std::string listen;
  const auto child = start_child(end, listen);
  const auto before = read_namespaces("", static_cast<uint32_t>(getpid()));
  const auto there = read_process("", static_cast<uint32_t>(child), "");
  REQUIRE(there);
  const auto listing = list_sockets("", there->id);
  CHECK(listing.error.empty());
  CHECK(listing.complete);
  const auto owners = socket_owners("", {there->id.pid});
  size_t listens = 0;
  size_t connections = 0;
  for (const auto& x : listing.sockets) {
    CHECK(owners.contains(x.inode));
    listens += x.is_listen() ? 1 : 0;
    connections += x.is_connection() ? 1 : 0;
    CHECK((x.local == listen || x.remote == listen));
  }
  CHECK(listens == 1);
  CHECK(connections == 2); // Both ends.
  CHECK(read_namespaces("", static_cast<uint32_t>(getpid())) == before);
  CHECK(read_namespaces("", there->id.pid).at("net") != before.at("net"));
  close(end);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(list_sockets("", there->id).error
        == "process " + std::to_string(there->id.pid) + " has ended");
}

TEST_CASE("a namespace that may not be entered: said, and what anybody may see of it") {
  int end = -1;
  std::string listen;
  const auto child = start_child(end, listen);
  const auto there = read_process("", static_cast<uint32_t>(child), "");
  REQUIRE(there);
  const auto asker = fork();
  REQUIRE(asker >= 0);
  if (asker == 0) { // Without any capability.
    if (setgid(65534) != 0 || setuid(65534) != 0)
      _exit(2);
    const auto listing = list_sockets("", there->id);
    const auto what = "cannot enter the network namespace of process " + std::to_string(child);
    size_t listens = 0;
    size_t connections = 0;
    for (const auto& x : listing.sockets) {
      listens += x.is_listen() && x.local == listen ? 1 : 0;
      connections += x.is_connection() && !x.has_totals ? 1 : 0;
    }
    const bool said =
        listing.error.starts_with(what)
        && listing.error.find("; run as root, with CAP_SYS_ADMIN") != std::string::npos;
    _exit(said && listens == 1 && connections == 2 && listing.sockets.size() == 3 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(asker, &status, 0) == asker);
  CHECK(status == 0);
  close(end);
  REQUIRE(waitpid(child, &status, 0) == child);
}
