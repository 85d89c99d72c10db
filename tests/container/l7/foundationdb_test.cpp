// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/foundationdb/foundationdb.hpp"
#include "tests/container/l7/byte_order.hpp"
#include "tests/container/l7/dialogue.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <random>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;
using texts = std::vector<std::string>;

namespace {

constexpr uint32_t get_value = 8454530;
constexpr uint32_t get_value_reply = 1378929;
constexpr uint32_t get_read_version = 838566;
constexpr uint32_t get_read_version_reply = 15709388;
constexpr uint32_t ping_request = 4707015;
constexpr uint32_t nothing = 2010442; // Void
constexpr uint32_t error_or = 2U << 24;
constexpr uint64_t streams = 1; // The bit of tokens that take requests.

constexpr auto little = little_endian;
std::string token(uint64_t first, uint64_t second = 0x1234567800000007) {
  return little(first, 8) + little(second, 8);
}
std::string places(std::initializer_list<unsigned> of) {
  std::string result;
  for (const auto x : of)
    result += little(x, 2);
  return result;
}

/// Flat buffers as FoundationDB writes them: the lists of places, then tables from the outermost
/// on, then what they refer to.
class message {
public:
  explicit message(uint32_t type) : type_(type) {}

  /// A list of places, of a table that is to come; returns its number.
  size_t list(const std::string& of) {
    lists_.push_back(of);
    return lists_.size() - 1;
  }
  /// A table with its fields, of which `refers` are places of offsets to later ones.
  void table(size_t list, std::string fields, std::vector<std::pair<size_t, size_t>> refers = {}) {
    tables_.push_back({list, std::move(fields), std::move(refers)});
  }
  [[nodiscard]] std::string bytes() const {
    std::vector<size_t> list_at;
    std::string head;
    for (const auto& x : lists_) {
      list_at.push_back(8 + head.size());
      head += x;
    }
    head += std::string((8 - head.size() % 8) % 8, '\0');
    std::vector<size_t> at;
    auto next = 8 + head.size();
    for (const auto& x : tables_) {
      at.push_back(next);
      next += (4 + x.fields.size() + 7) / 8 * 8;
    }
    auto result = little(8 + head.size(), 4) + little(type_, 4) + head;
    for (size_t i = 0; i < tables_.size(); ++i) {
      const auto& x = tables_[i];
      auto fields = little(at[i] - list_at[x.list], 4) + x.fields;
      for (const auto& [place, to] : x.refers)
        fields.replace(place, 4, little(at[to] - (at[i] + place), 4));
      fields.resize((fields.size() + 7) / 8 * 8);
      result += fields;
    }
    return result;
  }

private:
  struct one {
    size_t list;
    std::string fields;
    std::vector<std::pair<size_t, size_t>> refers;
  };
  uint32_t type_;
  std::vector<std::string> lists_;
  std::vector<one> tables_;
};

/// A key, a version, no tags, where to answer to, and a span.
std::string request(uint32_t type, const std::string& reply, size_t key_bytes = 10) {
  message x{type};
  const auto root = x.list(places({6, 8, 4}));
  const auto own = x.list(places({16, 41, 28, 20, 40, 32, 36, 4}));
  const auto uid = x.list(places({6, 20, 4}));
  x.table(root, little(0, 4), {{4, 1}});
  x.table(own, std::string(16, 's') + little(4711, 8) + std::string(12, '\0') + little(0, 1),
          {{28, 3}, {36, 2}});
  x.table(uid, reply);
  x.table(uid, std::string(key_bytes, 'k')); // Bytes: nobody looks.
  return x.bytes();
}
std::string value(uint32_t type, size_t bytes = 30) {
  message x{error_or | type};
  const auto root = x.list(places({8, 9, 8, 4}));
  const auto own = x.list(places({12, 22, 4, 20, 12, 16}));
  x.table(root, little(0, 4) + little(2, 1), {{4, 1}});
  x.table(own, little(0, 8) + little(0, 4) + little(0, 4) + little(0, 2));
  return x.bytes() + std::string(bytes, 'v');
}
/// A value of a storage server with an error in it.
std::string value_with_error(int code) {
  message x{error_or | get_value_reply};
  const auto root = x.list(places({8, 9, 8, 4}));
  const auto own = x.list(places({12, 22, 4, 20, 12, 16}));
  const auto error = x.list(places({6, 6, 4}));
  x.table(root, little(0, 4) + little(2, 1), {{4, 1}});
  x.table(own, little(0, 8) + little(0, 4) + little(0, 4) + little(1, 2), {{12, 2}});
  x.table(error, little(static_cast<uint64_t>(code), 2));
  return x.bytes();
}
std::string failure(uint32_t type, int code) {
  message x{error_or | type};
  const auto root = x.list(places({8, 9, 8, 4}));
  const auto error = x.list(places({6, 6, 4}));
  x.table(root, little(0, 4) + little(1, 1), {{4, 1}});
  x.table(error, little(static_cast<uint64_t>(code), 2));
  return x.bytes();
}
std::string not_found(const std::string& endpoint) {
  message x{15597147};
  x.table(x.list(places({6, 20, 4})), endpoint);
  return x.bytes();
}

/// Both ends, with checksums of a size.
struct speech {
  unsigned checksum_bytes = 8;

  [[nodiscard]] static std::string connect() {
    return little(40, 4) + little(0x1FDB00B073000000, 8) + little(4500, 2) + little(77, 8)
           + little(0x7f000001, 4) + little(0, 2) + std::string(16, '\0');
  }
  [[nodiscard]] std::string packet(const std::string& to, const std::string& content) const {
    return little(to.size() + content.size(), 4) + little(0x1122334455667788, checksum_bytes) + to
           + content;
  }
  [[nodiscard]] std::string ask(uint32_t type, uint64_t id, size_t key_bytes = 10) const {
    return packet(token(0xabcdef0000000000 | streams), request(type, token(id << 8U), key_bytes));
  }
  [[nodiscard]] std::string answer(uint64_t id, const std::string& content) const {
    return packet(token(id << 8U), content);
  }
};

const std::string ping = token(UINT64_MAX, 1);

} // namespace

TEST_CASE("foundationdb: requests, their answers and errors, by whatever checksum") {
  for (const unsigned checksum_bytes : {8U, 4U, 0U}) {
    CAPTURE(checksum_bytes);
    const speech x{checksum_bytes};
    const std::vector<line> lines{
        client(speech::connect()),
        server(speech::connect()),
        client(x.ask(get_read_version, 1) + x.ask(get_value, 2)),
        server(x.answer(1, value(get_read_version_reply))),
        client(x.packet(ping, request(ping_request, token(3U << 8U))) + x.ask(get_value, 4)),
        server(x.answer(4, value(get_value_reply)) + x.answer(3, value(nothing))),
        server(x.answer(2, value_with_error(1001))),
        client(x.ask(93948, 5)),
        server(x.answer(5, failure(14254927, 1020))),
        server(x.packet(token(0x7700 | streams), request(ping_request, token(9U << 8U)))),
        client(x.packet(token(9U << 8U), value(nothing))),
        client(x.ask(555, 6)),
        server(x.answer(6, value(nothing)))};
    however_cut(foundationdb_protocol, lines, [&x](const outcome& heard) {
      CHECK(heard.texts()
            == texts{"GetReadVersion -> 0 ok", "GetValue -> 0 ok", "GetValue -> 1001 failed",
                     "CommitTransaction -> 1020 failed", "#555 -> 0 ok"});
      CHECK(heard.lost_bytes() == 0);
      if (heard.exchanges.size() != 5)
        return;
      CHECK(heard.exchanges[0].duration_ns == 1'000'000);
      CHECK(heard.exchanges[2].duration_ns == 4'000'000);
      CHECK(heard.exchanges[1].request_bytes == x.ask(get_value, 4).size());
      CHECK(heard.exchanges[1].response_bytes == x.answer(4, value(get_value_reply)).size());
    });
  }
}

TEST_CASE("foundationdb: requests that nobody answers, and an endpoint that is not there") {
  const speech x;
  dialogue said{foundationdb_protocol};
  const auto one_way = [] { // Without a field to answer to.
    message m{838566};
    m.table(m.list(places({6, 8, 4})), little(0, 4), {{4, 1}});
    m.table(m.list(places({6, 12, 4})), little(5, 8));
    return m.bytes();
  }();
  const auto to = token(0xabcdef0000000000 | streams);
  said.say({client(speech::connect()), server(speech::connect()),
            client(x.packet(to, one_way) + x.ask(get_value, 1)),
            server(x.packet(token(UINT64_MAX, 0), not_found(to))), client(x.ask(get_value, 2)),
            server(x.answer(8, value(nothing)))});
  said.close();
  CHECK(said.heard.texts() == texts{"GetReadVersion -> 0 unknown", "GetValue -> 0 failed"});
  CHECK(said.heard.lost[static_cast<size_t>(unparsed::unanswered)]
        == x.ask(get_value, 2).size() + x.answer(8, value(nothing)).size());
}

TEST_CASE("foundationdb: of big messages only the beginning is captured") {
  const speech x;
  dialogue said{foundationdb_protocol};
  said.say({client(speech::connect()), server(speech::connect()), client(x.ask(93948, 1, 90'000)),
            server(x.answer(1, value(14254927, 200'000))), client(x.ask(get_value, 2)),
            server(x.answer(2, value(get_value_reply, 50'000)))},
           40'000);
  said.close();
  CHECK(said.heard.texts() == texts{"CommitTransaction -> 0 ok", "GetValue -> 0 ok"});
  CHECK(said.heard.lost_bytes() == 0);
}

TEST_CASE("foundationdb: where to answer to was not captured") {
  const speech x;
  dialogue said{foundationdb_protocol};
  said.say({client(speech::connect()), server(speech::connect()),
            client(x.ask(get_read_version, 9)), server(x.answer(9, value(nothing)))});
  said.say_cut(client(x.ask(get_value, 1)), 60);
  said.say({client(x.ask(get_value, 2)), server(x.answer(2, value(get_value_reply)))});
  said.close();
  CHECK(said.heard.texts()
        == texts{"GetReadVersion -> 0 ok", "GetValue -> 0 unknown", "GetValue -> 0 ok"});
}

TEST_CASE("foundationdb: attached in mid-stream, and bytes that were lost") {
  const speech x;
  dialogue said{foundationdb_protocol};
  said.lose(side::client, 1000);
  said.say({server(std::string(300, 'x')), client(std::string(200, 'x')),
            client(x.ask(get_value, 1)), server(x.answer(1, value(get_value_reply))),
            client(x.ask(get_value, 2))});
  said.lose(side::server, 40);
  said.say({client(x.ask(get_value, 3)), server(x.answer(3, value(get_value_reply)))});
  said.close();
  CHECK(said.heard.texts() == texts{"GetValue -> 0 ok", "GetValue -> 0 ok"});
  CHECK(said.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == 500);
}

TEST_CASE("foundationdb: recognised by its first packet, in mid-stream by a request") {
  const auto classify = foundationdb_protocol.classify;
  const auto connect = speech::connect();
  CHECK(classify({connect, {}, 4500, false}) == match::yes);
  CHECK(classify({connect.substr(0, 9), {}, 4500, false}) == match::perhaps);
  CHECK(classify({{}, connect, 4500, false}) == match::no);
  CHECK(classify({{}, connect, 4500, true}) == match::perhaps);
  for (const unsigned checksum_bytes : {8U, 4U, 0U}) {
    const auto asked = speech{checksum_bytes}.ask(get_value, 1);
    CHECK(classify({asked, {}, 4500, true}) == match::yes);
    CHECK(classify({asked.substr(0, 40), {}, 4500, true}) == match::perhaps);
    CHECK(classify({asked, {}, 4500, false}) == match::no);
  }
  const std::string client_hello{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11};
  CHECK(classify({client_hello, {}, 4500, false}) == match::no);
  std::mt19937 random{1};
  for (int i = 0; i < 1000; ++i) {
    std::string bytes;
    for (int k = 0; k < 64; ++k)
      bytes += static_cast<char>(random());
    CHECK(classify({bytes, {}, 4500, i % 2 == 0}) == match::no);
  }
}
