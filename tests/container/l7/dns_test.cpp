// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/dns/dns.hpp"

#include "actors/container/l7/dns/message.hpp"
#include "actors/container/l7/protocols.hpp"
#include "tests/container/l7/dialogue.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <random>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::l7;
using namespace troupe::l7::dns;

namespace {

using texts = std::vector<std::string>;

constexpr uint16_t query_flags = 0x0100;
constexpr uint16_t answer_flags = 0x8180;

std::string number(unsigned x) {
  return {static_cast<char>(x >> 8), static_cast<char>(x)};
}

std::string name(std::initializer_list<std::string> labels) {
  std::string result;
  for (const auto& x : labels)
    result += static_cast<char>(x.size()) + x;
  return result + '\0';
}

std::string header(unsigned id, unsigned flags, unsigned answers = 0, unsigned authorities = 0,
                   unsigned additional = 0, unsigned questions = 1) {
  return number(id) + number(flags) + number(questions) + number(answers) + number(authorities)
         + number(additional);
}

std::string question(const std::string& asked, unsigned type) {
  return asked + number(type) + number(1);
}

std::string record(const std::string& owner, unsigned type, const std::string& data) {
  return owner + number(type) + number(1) + number(0) + number(300) + number(data.size()) + data;
}

const std::string shop = name({"shop", "Example"});
const std::string to_question = "\xc0\x0c"; // The name of the question.
// An OPT record with upper bits of the response code.
std::string edns(unsigned extended_rcode) {
  return std::string(1, '\0') + number(41) + number(1232)
         + std::string{static_cast<char>(extended_rcode), 0, 0, 0} + number(0);
}

std::string query(unsigned id, unsigned type, const std::string& asked = shop) {
  return header(id, query_flags, 0, 0, 1) + question(asked, type) + edns(0);
}
std::string failure(unsigned id, unsigned type, unsigned rcode, const std::string& asked = shop) {
  return header(id, answer_flags | rcode) + question(asked, type);
}
std::string ipv4(unsigned last) {
  return number(192 * 256) + number(2 * 256 + last);
}
// An alias of the question's name, and addresses of the alias.
std::string success(unsigned id, unsigned addresses = 1) {
  auto result = header(id, answer_flags, 1 + addresses, 0, 1) + question(shop, type_a)
                + record(to_question, type_cname, "\3web" + to_question);
  for (unsigned i = 1; i <= addresses; ++i)
    result += record("\xc0\x2a", type_a, ipv4(i));
  return result + edns(0);
}

std::string framed(const std::string& message) {
  return number(message.size()) + message;
}

match classify(const protocol& spoken, const std::string& from_client,
               const std::string& from_server = {}, uint16_t port = 53, bool in_midstream = false) {
  return spoken.classify({from_client, from_server, port, in_midstream});
}

} // namespace

TEST_CASE("dns: a message is read with its aliases and addresses") {
  const auto message = parse_dns_message(success(0x1234));
  REQUIRE(message);
  CHECK(message->id == 0x1234);
  CHECK(message->is_response);
  CHECK(message->rcode == 0);
  CHECK(message->is_whole);
  CHECK(message->question.name == "shop.example");
  CHECK(message->question.type == type_a);
  REQUIRE(message->answers.size() == 2);
  CHECK(message->answers[0].name == "shop.example");
  CHECK(message->answers[0].type == type_cname);
  CHECK(message->answers[0].target == "web.shop.example");
  CHECK(message->answers[1].name == "web.shop.example");
  CHECK(message->answers[1].ttl_seconds == 300);
  CHECK(address_text(message->answers[1].address) == "192.0.2.1");
}

TEST_CASE("dns: an IPv6 address, and records of which nothing is known") {
  const std::string address{"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16};
  const auto message =
      parse_dns_message(header(1, answer_flags, 2, 1, 0) + question(shop, type_aaaa)
                        + record(to_question, 65280, "whatever")
                        + record(to_question, type_aaaa, address) + record(to_question, 46, "sig"));
  REQUIRE(message);
  REQUIRE(message->answers.size() == 2);
  CHECK(type_name(message->answers[0].type) == "TYPE65280");
  CHECK(address_text(message->answers[1].address) == "2001:db8::1");
}

TEST_CASE("dns: names that are odd are escaped, names that are wrong are refused") {
  const auto name_of = [](const std::string& asked) {
    const auto message = parse_dns_message(header(1, query_flags) + question(asked, type_a));
    return message ? message->question.name : "refused";
  };
  CHECK(name_of(std::string(1, '\0')) == ".");
  CHECK(name_of(name({"_http", "_tcp", "A-1", "example"})) == "_http._tcp.a-1.example");
  CHECK(name_of(name({"a.b", "c\\ \x1b[2J\"", "\xff"}))
        == "a\\046b.c\\092\\032\\027\\0912j\\034.\\255");
  const std::string longest(63, 'x');
  const std::string labels = "\x3f" + longest + "\x3f" + longest + "\x3f" + longest;
  CHECK(name_of(labels + "\x3d" + std::string(61, 'y') + '\0').size() == 253);
  CHECK(name_of(labels + "\x3e" + std::string(62, 'y') + '\0') == "refused");
  CHECK(name_of("\x40" + std::string(64, 'x') + '\0') == "refused"); // RFC 6891 withdrew these.
  CHECK(name_of("\xc0\x0c") == "refused");                           // To itself.
  CHECK(name_of("\1a\xc0\x0c") == "refused");                        // Round and round.
  CHECK(name_of("\xc0\x0e") == "refused");                           // Forwards.
  CHECK(name_of(std::string{"\xc0\0", 2}) == "refused");             // Into the header.
}

TEST_CASE("dns: pointers to pointers are followed a few times") {
  // Each record's name points to that of the record before.
  const auto names = [](unsigned count) {
    auto result = header(1, answer_flags, count) + question(shop, type_a);
    unsigned last = 12;
    for (unsigned i = 0; i < count; ++i) {
      const auto here = static_cast<unsigned>(result.size());
      result += record(number(0xc000 | last), 65280, "");
      last = here;
    }
    return result;
  };
  CHECK(parse_dns_message(names(16)).has_value());
  CHECK_FALSE(parse_dns_message(names(17)).has_value());
}

TEST_CASE("dns: what is no message, and what is only a part of one") {
  const auto whole = success(7, 3);
  for (size_t n = 0; n < whole.size(); ++n) {
    const auto message = parse_dns_message(whole.substr(0, n));
    CHECK(message.has_value() == (n >= 30)); // Header and question.
    if (message)
      CHECK_FALSE(message->is_whole);
  }
  CHECK_FALSE(parse_dns_message(header(1, query_flags, 0, 0, 0, 2) + question(shop, 1)
                                + question(shop, 28)));
  CHECK_FALSE(parse_dns_message(header(1, query_flags, 0, 0, 0, 0)));
  CHECK(parse_dns_message(header(1, answer_flags | 1, 0, 0, 0, 0)));
  CHECK_FALSE(parse_dns_message(header(1, answer_flags, 1) + question(shop, type_a)
                                + record(to_question, type_a, "12345")));
  CHECK_FALSE(parse_dns_message(header(1, answer_flags, 1) + question(shop, type_a)
                                + record(to_question, type_cname, shop + "x")));
}

TEST_CASE("dns: more answers than anybody needs are passed over") {
  auto bytes = header(1, answer_flags, 300, 0, 1) + question(shop, type_a);
  for (unsigned i = 0; i < 300; ++i)
    bytes += record(to_question, type_a, ipv4(i % 256));
  const auto message = parse_dns_message(bytes + edns(1));
  REQUIRE(message);
  CHECK(message->answers.size() == dns_message::answers_max);
  CHECK(message->is_whole);
  CHECK(message->rcode == 16); // BADVERS: the upper bits are EDNS'.
}

TEST_CASE("dns: datagrams are recognised, those of other protocols are not") {
  CHECK(classify(dns_datagram_protocol, query(1, type_a)) == match::yes);
  CHECK(classify(dns_datagram_protocol, query(1, type_a) + query(2, type_aaaa)) == match::yes);
  CHECK(classify(dns_datagram_protocol, "", success(1)) == match::yes);
  CHECK(classify(dns_datagram_protocol, query(1, type_a), "", 5353) == match::no); // mDNS
  CHECK(classify(dns_datagram_protocol, query(1, type_a), "", 5355) == match::no); // LLMNR
  CHECK(classify(dns_datagram_protocol, query(1, 32, name({std::string(32, 'A')})), "", 137)
        == match::no); // NetBIOS
  CHECK(classify(dns_datagram_protocol, "<14>Nov 22 07:00:00 host syslog: text") == match::no);
  CHECK(classify(dns_datagram_protocol, "metric.name:1|c|#tag:value") == match::no);
  CHECK(classify(dns_datagram_protocol, query(1, type_a).substr(0, 20)) == match::no);
  std::mt19937 random{7};
  for (int i = 0; i < 10'000; ++i) {
    std::string bytes(64, '\0');
    for (auto& c : bytes)
      c = static_cast<char>(random());
    REQUIRE(classify(dns_datagram_protocol, bytes) == match::no);
    REQUIRE(classify(dns_protocol, bytes) != match::yes);
  }
}

TEST_CASE("dns: on TCP behind a length") {
  const auto whole = framed(query(1, type_a));
  for (size_t n = 0; n < 32; ++n)
    CHECK(classify(dns_protocol, whole.substr(0, n)) == match::perhaps);
  CHECK(classify(dns_protocol, whole.substr(0, 32)) == match::yes);
  CHECK(classify(dns_protocol, whole, framed(success(1))) == match::yes);
  CHECK(classify(dns_protocol, "", framed(success(1))) == match::no);
  CHECK(classify(dns_protocol, "", framed(success(1)), 53, true) == match::yes);
  CHECK(classify(dns_protocol, "x", framed(success(1)), 53, true) == match::yes);
  CHECK(classify(dns_protocol, "GET / HTTP/1.1\r\n") == match::no);
  CHECK(classify(dns_protocol, {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11}) == match::no);
  CHECK(classify(dns_protocol, {"\0\0\0\x08\x04\xd2\x16\x2f", 8}) == match::no); // PostgreSQL.
}

TEST_CASE("dns: queries and their answers, in any order, by id and question") {
  const std::vector<line> lines{
      client(query(1, type_a)), client(query(2, type_aaaa)), server(failure(2, type_aaaa, 3)),
      server(success(1)),       client(query(1, 33)),        server(failure(1, 33, 2)),
  };
  dialogue x{dns_datagram_protocol};
  x.say(lines);
  x.close();
  CHECK(x.heard.texts()
        == texts{"AAAA shop.example -> 3 failed", "A shop.example -> 0 ok",
                 "SRV shop.example -> 2 failed"});
  CHECK(x.heard.lost_bytes() == 0);
  const auto& found = x.heard.exchanges[1];
  CHECK(found.protocol == l7_protocol::dns);
  CHECK(found.method == "A");
  CHECK(found.subject == "shop.example");
  CHECK(found.detail == "CNAME web.shop.example, A 192.0.2.1");
  CHECK(found.started_ns == 1'000'000);
  CHECK(found.duration_ns == 3'000'000);
  CHECK(found.request_bytes == lines[0].bytes.size());
  CHECK(found.response_bytes == lines[3].bytes.size());
}

TEST_CASE("dns: the same on TCP, however it is cut") {
  const std::vector<line> lines{
      client(framed(query(1, type_a)) + framed(query(2, type_aaaa))),
      server(framed(failure(2, type_aaaa, 3)) + framed(success(1))),
      client(framed(query(3, 15))),
      server(framed(failure(3, 15, 0))),
  };
  however_cut(dns_protocol, lines, [](const outcome& heard) {
    CHECK(heard.texts()
          == texts{"AAAA shop.example -> 3 failed", "A shop.example -> 0 ok",
                   "MX shop.example -> 0 ok"});
    CHECK(heard.lost_bytes() == 0);
  });
}

TEST_CASE("dns: an answer to somebody else's question is none") {
  dialogue x{dns_datagram_protocol};
  x.say({client(query(1, type_a)), server(failure(1, type_a, 0, name({"evil", "example"}))),
         server(failure(2, type_a, 0)), server(failure(1, type_aaaa, 0))});
  CHECK(x.heard.exchanges.empty());
  x.say({server(success(1)), server(success(1))}); // The second one is a duplicate.
  x.close();
  CHECK(x.heard.texts() == texts{"A shop.example -> 0 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::unanswered)]
        == failure(1, type_a, 0, name({"evil", "example"})).size()
               + 2 * failure(2, type_a, 0).size() + success(1).size());
}

TEST_CASE("dns: case does not matter, and a server may leave out the question it failed on") {
  dialogue x{dns_datagram_protocol};
  x.say({client(query(1, type_a)), server(failure(1, type_a, 0, name({"SHOP", "eXAMPLE"}))),
         client(query(2, type_a)), server(header(2, answer_flags | 1, 0, 0, 0, 0))});
  CHECK(x.heard.texts() == texts{"A shop.example -> 0 ok", "A shop.example -> 1 failed"});
}

TEST_CASE("dns: queries without an answer are told, their outcome is unknown") {
  dialogue x{dns_datagram_protocol};
  x.say({client(query(1, type_a)), client(query(1, type_a))}); // Asked again after a while.
  x.say({server(success(1))});
  x.close();
  CHECK(x.heard.texts() == texts{"A shop.example -> 0 ok", "A shop.example -> 0 unknown"});
}

TEST_CASE("dns: queries are not waited for for ever, nor are too many") {
  dialogue x{dns_datagram_protocol};
  x.say({client(query(1, type_a))});
  for (int i = 0; i < 30'000; ++i)
    x.say({server("")}); // 1 ms each.
  x.say({client(query(2, type_a))});
  CHECK(x.heard.texts() == texts{"A shop.example -> 0 unknown"});
  for (unsigned i = 0; i < 1500; ++i)
    x.say({client(query(i, type_aaaa))});
  CHECK(x.heard.exchanges.size() == 1 + 1 + 1500 - 1024);
}

TEST_CASE("dns: a large answer of which only the beginning was captured") {
  const auto large = success(1, 100);
  REQUIRE(large.size() > 1024);
  dialogue x{dns_protocol};
  x.say({client(framed(query(1, type_a))), server(framed(large) + framed(success(2))),
         client(framed(query(3, 15))), server(framed(failure(3, 15, 0)))});
  x.close();
  CHECK(x.heard.texts() == texts{"A shop.example -> 0 ok", "MX shop.example -> 0 ok"});
  CHECK(x.heard.exchanges[0].response_bytes == framed(large).size());
  dialogue y{dns_datagram_protocol};
  y.say({client(query(1, type_a)), server(large)});
  CHECK(y.heard.texts() == texts{"A shop.example -> 0 ok"});
  CHECK(y.heard.exchanges[0].detail.size() <= detail_bytes_max);
}

TEST_CASE("dns: bytes lost on TCP cost what was in them") {
  dialogue x{dns_protocol};
  x.say({client(framed(query(1, type_a)))});
  x.lose(side::client, 40);
  x.lose(side::server, 20);
  x.say({server("rest of a message"), server(framed(success(1))), client(framed(query(3, type_a))),
         server(framed(success(3)))});
  x.close();
  CHECK(x.heard.texts() == texts{"A shop.example -> 0 ok", "A shop.example -> 0 ok"});
}

TEST_CASE("dns: a zone transfer is one query; notices and updates are told as such") {
  dialogue x{dns_protocol};
  const auto zone = framed(header(1, answer_flags, 1) + question(shop, type_axfr)
                           + record(to_question, type_a, ipv4(1)));
  x.say({client(framed(header(1, 0) + question(shop, type_axfr))), server(zone),
         server(zone + zone), client(framed(header(2, opcode_notify << 11) + question(shop, 6))),
         server(framed(header(2, 0x8000 | opcode_notify << 11) + question(shop, 6))),
         client(framed(header(3, opcode_update << 11, 1) + question(shop, 6)
                       + record(shop, type_a, ""))),
         server(framed(header(3, 0x8005 | opcode_update << 11) + question(shop, 6)))});
  x.close();
  CHECK(x.heard.texts()
        == texts{"AXFR shop.example -> 0 ok", "NOTIFY shop.example -> 0 ok",
                 "UPDATE shop.example -> 5 failed"});
  CHECK(x.heard.lost_bytes() == 0);
}

TEST_CASE("dns: datagrams that are no messages are out of sync") {
  dialogue x{dns_datagram_protocol};
  x.say({client("nonsense that is long enough for a header"), client(query(1, type_a)),
         server(success(1))});
  CHECK(x.heard.texts() == texts{"A shop.example -> 0 ok"});
  CHECK(x.heard.lost[static_cast<size_t>(unparsed::out_of_sync)] == 41);
}
