// SPDX-License-Identifier: Apache-2.0

// A DNS message as anybody may send it in a datagram: a query, and the answer to it.

#include "actors/container/l7/dns/dns.hpp"
#include "actors/container/l7/dns/message.hpp"
#include "tests/fuzz/expect.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

using namespace troupe;

namespace {

// 255 bytes on the wire, each as "\ddd".
constexpr size_t name_text_max = 1020;

void check_name(const std::string& name) {
  fuzz::expect(name.size() <= name_text_max, "a name is bounded");
  fuzz::expect(std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; }),
               "a name is visible ASCII");
  fuzz::expect(std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }),
               "a name is in lower case");
}

struct counting final : l7::sink {
  uint64_t exchanges = 0;
  void exchanged(l7_exchange x) override {
    ++exchanges;
    fuzz::expect(x.operation.size() <= operation_bytes_max, "operation is bounded");
    fuzz::expect(x.subject.size() <= operation_bytes_max, "subject is bounded");
    fuzz::expect(x.detail.size() <= detail_bytes_max, "detail is bounded");
  }
  void not_understood(l7::unparsed /*reason*/, uint64_t /*bytes*/) override {}
  void resolved(std::string_view name, const std::array<uint8_t, 16>& /*address*/) override {
    check_name(std::string{name});
  }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = fuzz::text_of(data, size);
  if (const auto message = l7::dns::parse_dns_message(bytes)) {
    fuzz::expect(message->answers.size() <= l7::dns::dns_message::answers_max,
                 "answers are bounded");
    check_name(message->question.name);
    for (const auto& x : message->answers) {
      check_name(x.name);
      check_name(x.target);
    }
  }
  static_cast<void>(l7::dns_datagram_protocol.classify({bytes, bytes, 0, size % 2 == 0}));

  const auto conversation = l7::dns_datagram_protocol.converse();
  counting heard;
  std::string answer{bytes};
  if (answer.size() > 2)
    answer[2] = static_cast<char>(answer[2] ^ 0x80); // What was asked is answered, or the reverse.
  conversation->take(l7::side::client, {1, 0, bytes.size(), bytes}, heard);
  const bool waits = !conversation->is_at_rest();
  fuzz::expect(waits || !conversation->awaits(answer), "who asked nothing awaits nothing");
  conversation->take(l7::side::server, {2, 0, answer.size(), answer}, heard);
  conversation->expire(size % 2 == 0 ? 0 : UINT64_MAX, heard);
  conversation->close(heard);
  fuzz::expect(heard.exchanges <= 1, "one query is one exchange");
  return 0;
}
