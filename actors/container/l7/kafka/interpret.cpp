// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/kafka/interpret.hpp"

#include "actors/container/l7/kafka/api.hpp"

namespace troupe::l7::kafka {
namespace {

// The newest versions whose fields are known here; a later one is not guessed at.
constexpr int16_t produce_newest = 13;
constexpr int16_t fetch_newest = 18;
constexpr int16_t list_offsets_newest = 11;
constexpr int16_t metadata_newest = 13;
constexpr int16_t offset_commit_newest = 9;
constexpr int16_t offset_fetch_newest = 10;
constexpr int16_t find_coordinator_newest = 6;
constexpr int16_t txn_offset_commit_newest = 5;
constexpr int16_t create_topics_newest = 7;
constexpr int16_t delete_topics_newest = 6;

constexpr uint64_t uuid_bytes = 16;

std::string_view first_name(fields& body) {
  return body.array() > 0 ? body.string() : std::string_view{};
}

std::string_view metadata_topic(fields& body, int16_t version) {
  if (body.array() == 0)
    return {};
  if (version >= 10)
    body.skip(uuid_bytes);
  return body.string();
}

/// Collects the error codes of an answer's parts.
class codes {
public:
  /// False where it is an error: nothing behind it matters.
  bool add(int16_t code) {
    first_ = first_ == 0 ? code : first_;
    return first_ == 0;
  }

  [[nodiscard]] answer result(const fields& body) const {
    if (first_ != 0)
      return {l7_outcome::failed, first_};
    return {body.good() ? l7_outcome::ok : l7_outcome::unknown, 0};
  }

private:
  int16_t first_ = 0;
};

void skip_topic_name(fields& body, bool is_uuid) {
  if (is_uuid)
    body.skip(uuid_bytes);
  else
    static_cast<void>(body.string());
}

/// Calls read(partition) for each partition of each topic, until it says false or nothing is left
/// to read.
template <class Read>
void each_partition(fields& body, bool topics_are_uuids, Read read) {
  for (auto topics = body.array(); topics > 0 && body.good(); --topics) {
    skip_topic_name(body, topics_are_uuids);
    for (auto partitions = body.array(); partitions > 0 && body.good(); --partitions)
      if (!read())
        return;
    body.tags();
  }
}

answer read_produce(fields body, int16_t version) {
  codes result;
  each_partition(body, version >= 13, [&] {
    body.skip(4);
    const auto code = body.i16();
    if (body.good() && !result.add(code))
      return false;
    body.skip(8U + (version >= 2 ? 8U : 0U) + (version >= 5 ? 8U : 0U));
    if (version >= 8) {
      for (auto errors = body.array(); errors > 0 && body.good(); --errors) {
        body.skip(4);
        static_cast<void>(body.string());
        body.tags();
      }
      static_cast<void>(body.string());
    }
    body.tags();
    return true;
  });
  return result.result(body);
}

answer read_fetch(fields body, int16_t version) {
  codes result;
  if (version >= 1)
    body.skip(4);
  if (version >= 7) {
    const auto code = body.i16();
    if (body.good() && !result.add(code))
      return result.result(body);
    body.skip(4);
  }
  // Records are long: of the last partition they need not be within reach.
  auto topics = body.array();
  for (; topics > 0 && body.good(); --topics) {
    skip_topic_name(body, version >= 13);
    for (auto partitions = body.array(); partitions > 0 && body.good(); --partitions) {
      body.skip(4);
      const auto code = body.i16();
      if (body.good() && !result.add(code))
        return result.result(body);
      if (topics == 1 && partitions == 1 && body.good())
        return {l7_outcome::ok, 0};
      body.skip(8U + (version >= 4 ? 8U : 0U) + (version >= 5 ? 8U : 0U));
      if (version >= 4)
        for (auto aborted = body.array(); aborted > 0 && body.good(); --aborted) {
          body.skip(16);
          body.tags();
        }
      if (version >= 11)
        body.skip(4);
      body.skip_bytes();
      body.tags();
    }
    body.tags();
  }
  return result.result(body);
}

/// Topics of partitions that have an error code behind their number, and `behind` bytes after it.
answer read_partitions(fields body, bool is_throttled, bool counts_old_offsets, uint64_t behind) {
  codes result;
  if (is_throttled)
    body.skip(4);
  each_partition(body, false, [&] {
    body.skip(4);
    const auto code = body.i16();
    if (body.good() && !result.add(code))
      return false;
    if (counts_old_offsets)
      body.skip_array(8);
    body.skip(behind);
    body.tags();
    return true;
  });
  return result.result(body);
}

void skip_brokers(fields& body, int16_t version) {
  for (auto brokers = body.array(); brokers > 0 && body.good(); --brokers) {
    body.skip(4);
    static_cast<void>(body.string());
    body.skip(4);
    if (version >= 1)
      static_cast<void>(body.string());
    body.tags();
  }
}

void skip_metadata_partitions(fields& body, int16_t version) {
  for (auto partitions = body.array(); partitions > 0 && body.good(); --partitions) {
    body.skip(2U + 4U + 4U + (version >= 7 ? 4U : 0U));
    body.skip_array(4);
    body.skip_array(4);
    if (version >= 5)
      body.skip_array(4);
    body.tags();
  }
}

answer read_metadata(fields body, int16_t version) {
  codes result;
  if (version >= 3)
    body.skip(4);
  skip_brokers(body, version);
  if (version >= 2)
    static_cast<void>(body.string());
  if (version >= 1)
    body.skip(4);
  for (auto topics = body.array(); topics > 0 && body.good(); --topics) {
    const auto code = body.i16();
    if (body.good() && !result.add(code))
      return result.result(body);
    static_cast<void>(body.string());
    body.skip((version >= 10 ? uuid_bytes : 0U) + (version >= 1 ? 1U : 0U));
    skip_metadata_partitions(body, version);
    if (version >= 8)
      body.skip(4);
    body.tags();
  }
  if (version >= 8 && version <= 10)
    body.skip(4);
  if (version >= 13) {
    const auto code = body.i16();
    if (body.good())
      result.add(code);
  }
  return result.result(body);
}

answer read_topics(fields body, int16_t key, int16_t version) {
  codes result;
  if (version >= (key == create_topics ? 2 : 1))
    body.skip(4);
  for (auto topics = body.array(); topics > 0 && body.good(); --topics) {
    static_cast<void>(body.string());
    if (version >= (key == create_topics ? 7 : 6))
      body.skip(uuid_bytes);
    const auto code = body.i16();
    if (body.good() && !result.add(code))
      break;
    if (version >= (key == create_topics ? 1 : 5))
      static_cast<void>(body.string());
    if (key == create_topics && version >= 5) {
      body.skip(6);
      for (auto configs = body.array(); configs > 0 && body.good(); --configs) {
        static_cast<void>(body.string());
        static_cast<void>(body.string());
        body.skip(3);
        body.tags();
      }
    }
    body.tags();
  }
  return result.result(body);
}

/// What a group committed: its partitions, each with the code behind the offset.
bool add_group_offsets(fields& body, int16_t version, codes& result) {
  bool is_fine = true;
  each_partition(body, version >= 10, [&] {
    body.skip(12U + (version >= 5 ? 4U : 0U));
    static_cast<void>(body.string());
    const auto code = body.i16();
    is_fine = !body.good() || result.add(code);
    body.tags();
    return is_fine;
  });
  if (!is_fine || version < 2)
    return is_fine;
  const auto code = body.i16();
  return !body.good() || result.add(code);
}

answer read_offset_fetch(fields body, int16_t version) {
  codes result;
  if (version >= 3)
    body.skip(4);
  if (version < 8) {
    add_group_offsets(body, version, result);
    return result.result(body);
  }
  for (auto groups = body.array(); groups > 0 && body.good(); --groups) {
    static_cast<void>(body.string());
    if (!add_group_offsets(body, version, result))
      break;
    body.tags();
  }
  return result.result(body);
}

answer read_find_coordinator(fields body, int16_t version) {
  codes result;
  if (version >= 1)
    body.skip(4);
  for (auto found = version >= 4 ? body.array() : 1; found > 0 && body.good(); --found) {
    if (version >= 4) {
      static_cast<void>(body.string());
      body.skip(4);
      static_cast<void>(body.string());
      body.skip(4);
    }
    const auto code = body.i16();
    if (body.good() && !result.add(code))
      break;
    if (version >= 4) {
      static_cast<void>(body.string());
      body.tags();
    }
  }
  return result.result(body);
}

answer read_top_level(const api& kind, fields body, int16_t version) {
  if (kind.error == error_place::none)
    return {};
  if (kind.error == error_place::after_throttle && version >= kind.throttled_since)
    body.skip(4);
  codes result;
  result.add(body.i16());
  return result.result(body);
}

} // namespace

std::string_view topic_of(const request_header& x) {
  fields body{x.body, x.is_flexible};
  const auto v = x.version;
  std::string_view topic;
  if (x.key == produce && v < 13) {
    if (v >= 3)
      static_cast<void>(body.string());
    body.skip(6);
    topic = first_name(body);
  } else if (x.key == fetch && v < 13) {
    body.skip(12U + (v >= 3 ? 4U : 0U) + (v >= 4 ? 1U : 0U) + (v >= 7 ? 8U : 0U));
    topic = first_name(body);
  } else if (x.key == list_offsets && v <= list_offsets_newest) {
    body.skip(v >= 2 ? 5 : 4);
    topic = first_name(body);
  } else if (x.key == metadata && v <= metadata_newest) {
    topic = metadata_topic(body, v);
  } else if (x.key == create_topics && v <= create_topics_newest) {
    topic = first_name(body);
  }
  return body.good() ? topic : std::string_view{};
}

bool has_answer(const request_header& x) {
  if (x.key != produce)
    return true;
  fields body{x.body, x.is_flexible};
  if (x.version >= 3)
    static_cast<void>(body.string());
  const auto acks = body.u16();
  return !body.good() || acks != 0;
}

void tell_request(const request_header& x, l7_exchange& told) {
  told.protocol = l7_protocol::kafka;
  told.operation = find_api(x.key)->name;
  const auto topic = topic_of(x).substr(0, operation_bytes_max - told.operation.size() - 1);
  if (topic.empty())
    return;
  told.subject = topic;
  told.operation.append(" ").append(topic);
}

answer read_answer(int16_t key, int16_t version, std::string_view body) {
  const auto* kind = find_api(key);
  if (kind == nullptr)
    return {};
  fields read{body, version >= kind->flexible_since};
  if (key != api_versions) // Its header never changes: clients do not know yet what is spoken.
    read.tags();
  if (key == produce && version <= produce_newest)
    return read_produce(read, version);
  if (key == fetch && version <= fetch_newest)
    return read_fetch(read, version);
  if (key == metadata && version <= metadata_newest)
    return read_metadata(read, version);
  if (key == list_offsets && version <= list_offsets_newest)
    return read_partitions(read, version >= 2, version == 0,
                           (version >= 1 ? 16U : 0U) + (version >= 4 ? 4U : 0U));
  if (key == offset_fetch && version <= offset_fetch_newest)
    return read_offset_fetch(read, version);
  if (key == find_coordinator && version <= find_coordinator_newest)
    return read_find_coordinator(read, version);
  if (key == offset_commit && version <= offset_commit_newest)
    return read_partitions(read, version >= 3, false, 0);
  if (key == txn_offset_commit && version <= txn_offset_commit_newest)
    return read_partitions(read, true, false, 0);
  if ((key == create_topics && version <= create_topics_newest)
      || (key == delete_topics && version <= delete_topics_newest))
    return read_topics(read, key, version);
  return read_top_level(*kind, read, version);
}

} // namespace troupe::l7::kafka
