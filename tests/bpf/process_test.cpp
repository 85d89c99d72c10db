// SPDX-License-Identifier: Apache-2.0
#include "tests/bpf/watched_kernel.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <string>
#include <thread>

using namespace troupe;

namespace {

/// Forks a child that does this, and waits for it.
void fork_one(const std::function<void()>& work) {
  const auto pid = fork();
  if (pid == 0) {
    work();
    _exit(0);
  }
  waitpid(pid, nullptr, 0);
}

void execute(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (auto& x : arguments)
    argv.push_back(x.data());
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(98);
}

/// argv of each process_executed, arguments divided by a blank.
std::vector<std::string> command_lines(const kept_records& records) {
  std::vector<std::string> result;
  for (const auto& bytes : records.records()) {
    const auto& record = *reinterpret_cast<const process_executed*>(bytes.data());
    if (record.header.kind != EVENT_PROCESS_EXECUTED)
      continue;
    std::string argv{reinterpret_cast<const char*>(bytes.data() + sizeof(record)),
                     record.argv_size};
    for (auto& c : argv)
      c = c == '\0' ? ' ' : c;
    result.push_back(argv);
  }
  return result;
}

} // namespace

TEST_CASE("a hundred forks, executions and exits are a hundred of each") {
  watched_kernel kernel;
  kernel.cgroup.run([] {
    for (int i = 0; i < 100; ++i)
      fork_one([] { execute({"/bin/true"}); });
    return 0;
  });
  REQUIRE(kernel.await_count(EVENT_PROCESS_EXITED, 101));
  kernel.read_rest();
  CHECK(kernel.records.count(EVENT_PROCESS_FORKED) == 100);
  CHECK(kernel.records.count(EVENT_PROCESS_EXECUTED) == 100);
  CHECK(kernel.records.count(EVENT_PROCESS_EXITED) == 101); // And the one that forked.
  CHECK(kernel.records.count(EVENT_PROCESS_MOVED) == 1);
  CHECK(kernel.source.losses().empty());

  const auto forked = kernel.records.all<process_forked>(EVENT_PROCESS_FORKED);
  const auto executed = kernel.records.all<process_executed>(EVENT_PROCESS_EXECUTED);
  const auto exited = kernel.records.all<process_exited>(EVENT_PROCESS_EXITED);
  const auto moved = kernel.records.all<process_moved>(EVENT_PROCESS_MOVED);
  for (size_t i = 0; i < 100; ++i) {
    CHECK(forked[i].header.pid == executed[i].header.pid);
    CHECK(forked[i].header.start_boottime_ns == executed[i].header.start_boottime_ns);
    CHECK(executed[i].header.start_boottime_ns == exited[i].header.start_boottime_ns);
    CHECK(forked[i].header.time_ns < executed[i].header.time_ns);
    CHECK(executed[i].header.time_ns < exited[i].header.time_ns);
    CHECK(forked[i].parent_pid == moved[0].header.pid);
    CHECK(forked[i].parent_start_boottime_ns == moved[0].header.start_boottime_ns);
    CHECK(std::string{executed[i].comm} == "true");
  }
  CHECK(command_lines(kernel.records) == std::vector<std::string>(100, "/bin/true "));
}

TEST_CASE("exit codes and signals are those that wait4() reports") {
  watched_kernel kernel;
  kernel.cgroup.run([] {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    fork_one([] { _exit(7); });
    fork_one([] { _exit(255); });
    fork_one([] { raise(SIGKILL); });
    fork_one([] {
      signal(SIGSEGV, SIG_DFL);
      raise(SIGSEGV);
    });
    return 42;
  });
  REQUIRE(kernel.await_count(EVENT_PROCESS_EXITED, 5));
  const auto exited = kernel.records.all<process_exited>(EVENT_PROCESS_EXITED);
  REQUIRE(exited.size() == 5);
  CHECK(exited[0].exit_code == 7);
  CHECK(exited[0].signal == 0);
  CHECK(exited[1].exit_code == 255);
  CHECK(exited[2].exit_code == 0);
  CHECK(exited[2].signal == SIGKILL);
  CHECK(exited[3].signal == SIGSEGV);
  CHECK(exited[4].exit_code == 42);
  for (const auto& x : exited) {
    CHECK(x.core_dumped == 0);
    CHECK(x.oom_killed == 0);
  }
}

TEST_CASE("threads are no processes, and a group of them exits once") {
  watched_kernel kernel;
  kernel.cgroup.run([] {
    std::vector<std::thread> threads;
    for (int i = 0; i < 20; ++i)
      threads.emplace_back([] {});
    for (auto& x : threads)
      x.join();
    // Threads that die together with the group, 20 times over.
    for (int i = 0; i < 20; ++i)
      fork_one([] {
        for (int n = 0; n < 8; ++n)
          std::thread{[] {
            pause();
          }}.detach();
        _exit(3);
      });
    // A leader that ends first: the group lives on.
    fork_one([] {
      std::thread{[] {
        _exit(5);
      }}.detach();
      syscall(SYS_exit, 0);
    });
    return 0;
  });
  REQUIRE(kernel.await_count(EVENT_PROCESS_EXITED, 22));
  kernel.read_rest();
  CHECK(kernel.records.count(EVENT_PROCESS_FORKED) == 21);
  const auto exited = kernel.records.all<process_exited>(EVENT_PROCESS_EXITED);
  REQUIRE(exited.size() == 22);
  for (size_t i = 0; i < 20; ++i)
    CHECK(exited[i].exit_code == 3);
  CHECK(exited[20].exit_code == 5);
  CHECK(exited[20].signal == 0);
}

TEST_CASE("argv is whole up to its bound and says when it is not") {
  watched_kernel kernel;
  const std::string middle(100, 'm');
  const std::string large(700, 'l');
  const std::string huge(3000, 'h');
  kernel.cgroup.run([&] {
    fork_one([&] { execute({"/bin/true", "", "a b"}); });
    fork_one([&] { execute({"/bin/true", middle}); });
    fork_one([&] { execute({"/bin/true", large}); });
    fork_one([&] { execute({"/bin/true", huge}); });
    return 0;
  });
  REQUIRE(kernel.await_count(EVENT_PROCESS_EXECUTED, 4));
  const auto executed = kernel.records.all<process_executed>(EVENT_PROCESS_EXECUTED);
  const auto lines = command_lines(kernel.records);
  CHECK(lines[0] == "/bin/true  a b ");
  CHECK(executed[0].header.size == sizeof(process_executed) + 16);
  CHECK(lines[1] == "/bin/true " + middle + " ");
  CHECK(lines[2] == "/bin/true " + large + " ");
  CHECK(lines[3] == ("/bin/true " + huge).substr(0, EVENT_ARGV_MAX));
  for (size_t i = 0; i < 4; ++i) {
    CHECK(executed[i].argv_truncated == (i == 3));
    CHECK(executed[i].header.size % 8 == 0);
  }
}

TEST_CASE("the walk finds what runs, once, and not what is dead but not buried") {
  watched_kernel kernel;
  const auto alive = kernel.cgroup.start([] {
    pause();
    return 0;
  });
  const auto dead = kernel.cgroup.start([] { return 0; });
  siginfo_t info{};
  REQUIRE(waitid(P_PID, static_cast<id_t>(dead), &info, WEXITED | WNOWAIT) == 0);
  kernel.read_rest();
  kernel.records.clear();

  CHECK(kernel.source.walk_processes(kernel.records));
  const auto found = kernel.records.all<process_found>(EVENT_PROCESS_FOUND);
  REQUIRE(found.size() == 1);
  CHECK(found[0].header.pid == static_cast<uint32_t>(alive));
  CHECK(found[0].parent_pid == static_cast<uint32_t>(getpid()));
  kill(alive, SIGKILL);
  waitpid(alive, nullptr, 0);
  waitpid(dead, nullptr, 0);
}

TEST_CASE("the victim of an out-of-memory kill exits as such") {
  if (watched_controller() != "memory")
    return; // The scratch cgroup has no memory limit of its own elsewhere; see tests/e2e.
  watched_kernel kernel;
  std::ofstream{kernel.cgroup.directory() + "/memory.limit_in_bytes"} << (16 << 20) << std::flush;
  const auto status = kernel.cgroup.run([] {
    constexpr size_t bytes = 256U << 20;
    auto* memory = static_cast<char*>(
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (size_t i = 0; i < bytes; i += 4096)
      memory[i] = 1;
    return 0;
  });
  CHECK(WIFSIGNALED(status));
  REQUIRE(kernel.await_count(EVENT_PROCESS_EXITED, 1));
  const auto exited = kernel.records.all<process_exited>(EVENT_PROCESS_EXITED);
  CHECK(exited[0].signal == SIGKILL);
  CHECK(exited[0].oom_killed == 1);
}
