// SPDX-License-Identifier: Apache-2.0
#include "actors/recorder/recording_format.hpp"

#include "actors/recorder/byte_codec.hpp"

#include <array>
#include <utility>

namespace troupe {

namespace {

/// Nothing is reserved for the count: where it is a lie, the first read beyond the end stops it.
template <class Read>
auto read_many(byte_reader& in, Read read) {
  std::vector<decltype(read(in))> result;
  for (auto left = in.number<uint32_t>(); left > 0 && in.ok(); --left)
    result.push_back(read(in));
  return result;
}

template <class T>
std::optional<T> if_whole(const byte_reader& in, T&& x) {
  if (!in.ok() || in.left() != 0)
    return {};
  return std::forward<T>(x);
}

void write_identity(byte_writer& out, const cgroup_identity& x) {
  out.number(x.kind);
  out.number(x.runtime);
  out.text(x.id);
  out.text(x.pod_uid);
  out.text(x.name_space);
}

runtime_kind read_runtime(byte_reader& in) {
  const auto x = in.number<uint8_t>();
  return x <= static_cast<uint8_t>(runtime_kind::talos) ? runtime_kind{x} : runtime_kind::unknown;
}

cgroup_identity read_identity(byte_reader& in) {
  cgroup_identity x;
  const auto kind = in.number<uint8_t>();
  x.kind =
      kind <= static_cast<uint8_t>(cgroup_kind::ignore) ? cgroup_kind{kind} : cgroup_kind::ignore;
  x.runtime = read_runtime(in);
  x.id = in.text();
  x.pod_uid = in.text();
  x.name_space = in.text();
  return x;
}

/// Every text of it, in the order of the format. Not the details: they hold secrets.
template <class Metadata>
auto texts_of(Metadata& x) {
  return std::array{&x.id,           &x.name,         &x.name_space,           &x.image,
                    &x.image_digest, &x.systemd_type, &x.systemd_triggered_by, &x.health,
                    &x.pod,          &x.sandbox_id,   &x.oci_runtime,          &x.nomad.name_space,
                    &x.nomad.job,    &x.nomad.group,  &x.nomad.alloc,          &x.nomad.task};
}

void write_container(byte_writer& out, const container_metadata& x) {
  out.number(x.runtime);
  for (const auto* text : texts_of(x))
    out.text(*text);
  out.number(x.state);
  out.number(x.pid);
  out.number(x.created_ns);
  out.number(x.started_ns);
  out.number(x.finished_ns);
  out.number(static_cast<uint8_t>(x.exit_code.has_value()));
  out.number(static_cast<int32_t>(x.exit_code.value_or(0)));
  out.number(static_cast<uint8_t>(x.oom_killed));
  out.number(x.restarts);
  out.number(static_cast<uint8_t>(x.sandbox));
  out.number(static_cast<uint32_t>(x.labels.size()));
  for (const auto& [key, value] : x.labels) {
    out.text(key);
    out.text(value);
  }
}

container_metadata read_container(byte_reader& in) {
  container_metadata x;
  x.runtime = read_runtime(in);
  for (auto* text : texts_of(x))
    *text = in.text();
  const auto state = in.number<uint8_t>();
  x.state = state <= static_cast<uint8_t>(container_state::exited) ? container_state{state}
                                                                   : container_state::unknown;
  x.pid = in.number<uint32_t>();
  x.created_ns = in.number<int64_t>();
  x.started_ns = in.number<int64_t>();
  x.finished_ns = in.number<int64_t>();
  const bool has_exit_code = in.number<uint8_t>() != 0;
  const auto exit_code = in.number<int32_t>();
  if (has_exit_code)
    x.exit_code = exit_code;
  x.oom_killed = in.number<uint8_t>() != 0;
  x.restarts = in.number<uint32_t>();
  x.sandbox = in.number<uint8_t>() != 0;
  for (auto left = in.number<uint32_t>(); left > 0 && in.ok(); --left) {
    auto key = in.text();
    x.labels.insert_or_assign(std::move(key), in.text());
  }
  return x;
}

} // namespace

std::vector<std::byte> encode(const recording_description& x) {
  std::vector<std::byte> bytes;
  byte_writer out{bytes};
  out.text(x.agent_version);
  for (const auto* text :
       {&x.node.hostname, &x.node.kernel_version, &x.node.machine_id, &x.node.system_uuid})
    out.text(*text);
  out.number(x.started_boottime_ns);
  out.number(x.started_unix_ns);
  out.number(static_cast<uint32_t>(x.features.size()));
  for (const auto& feature : x.features) {
    out.text(feature.feature);
    out.number(static_cast<uint8_t>(feature.enabled));
    out.text(feature.reason);
    out.text(feature.hook);
  }
  return bytes;
}

std::vector<std::byte> encode(const std::vector<cgroup_found>& cgroups) {
  std::vector<std::byte> bytes;
  byte_writer out{bytes};
  out.number(static_cast<uint32_t>(cgroups.size()));
  for (const auto& x : cgroups) {
    out.number(x.id);
    out.number(x.time_ns);
    out.number(static_cast<uint8_t>(x.created));
    out.text(x.path);
  }
  return bytes;
}

std::vector<std::byte> encode(const recorded_metadata& x) {
  std::vector<std::byte> bytes;
  byte_writer out{bytes};
  write_identity(out, x.asked);
  out.number(static_cast<uint8_t>(x.removed));
  write_container(out, x.answer);
  return bytes;
}

std::vector<std::byte> encode(const std::vector<loss_count>& losses) {
  std::vector<std::byte> bytes;
  byte_writer out{bytes};
  out.number(static_cast<uint32_t>(losses.size()));
  for (const auto& x : losses) {
    out.text(x.stage);
    out.text(x.reason);
    out.text(x.kind);
    out.number(x.count);
  }
  return bytes;
}

std::optional<recording_description> decode_description(std::span<const std::byte> bytes) {
  byte_reader in{bytes};
  recording_description x;
  x.agent_version = in.text();
  for (auto* text :
       {&x.node.hostname, &x.node.kernel_version, &x.node.machine_id, &x.node.system_uuid})
    *text = in.text();
  x.started_boottime_ns = in.number<uint64_t>();
  x.started_unix_ns = in.number<int64_t>();
  x.features = read_many(in, [](byte_reader& from) {
    feature_status feature;
    feature.feature = from.text();
    feature.enabled = from.number<uint8_t>() != 0;
    feature.reason = from.text();
    feature.hook = from.text();
    return feature;
  });
  return if_whole(in, std::move(x));
}

std::optional<std::vector<cgroup_found>> decode_cgroups(std::span<const std::byte> bytes) {
  byte_reader in{bytes};
  auto result = read_many(in, [](byte_reader& from) {
    cgroup_found x;
    x.id = from.number<uint64_t>();
    x.time_ns = from.number<uint64_t>();
    x.created = from.number<uint8_t>() != 0;
    x.path = from.text();
    return x;
  });
  return if_whole(in, std::move(result));
}

std::optional<recorded_metadata> decode_metadata(std::span<const std::byte> bytes) {
  byte_reader in{bytes};
  recorded_metadata x;
  x.asked = read_identity(in);
  x.removed = in.number<uint8_t>() != 0;
  x.answer = read_container(in);
  return if_whole(in, std::move(x));
}

std::optional<std::vector<loss_count>> decode_losses(std::span<const std::byte> bytes) {
  byte_reader in{bytes};
  auto result = read_many(in, [](byte_reader& from) {
    loss_count x;
    x.stage = from.text();
    x.reason = from.text();
    x.kind = from.text();
    x.count = from.number<uint64_t>();
    return x;
  });
  return if_whole(in, std::move(result));
}

} // namespace troupe
