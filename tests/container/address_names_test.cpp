// SPDX-License-Identifier: Apache-2.0
#include "actors/container/address_names.hpp"

#include "tests/container/records.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace troupe;

namespace {

ip_address ip(const std::string& text) {
  __u8 raw[16];
  set_ip(raw, text);
  return to_ip(raw);
}

} // namespace

TEST_CASE("address names: a name stands for its address, with the port") {
  address_names names{10};
  CHECK(names.empty());
  names.learn(ip("192.0.2.1"), "shop.example");
  names.learn(ip("2001:db8::1"), "shop.example");
  const auto name = names.newest(ip("192.0.2.1"));
  REQUIRE(name != 0);
  CHECK(names.newest(ip("2001:db8::1")) == name);
  CHECK(names.newest(ip("192.0.2.2")) == 0);
  CHECK(names.text_of({ip("192.0.2.1"), 443}, name) == "shop.example:443");
  CHECK(names.text_of({ip("2001:db8::1"), 80}, name) == "shop.example:80");
  CHECK(names.text_of({ip("192.0.2.2"), 80}, 0) == "192.0.2.2:80");
}

TEST_CASE("address names: the newest wins, and who had an older one keeps it") {
  address_names names{10};
  names.learn(ip("192.0.2.1"), "a.example");
  const auto before = names.newest(ip("192.0.2.1"));
  names.learn(ip("192.0.2.1"), "b.example");
  const auto after = names.newest(ip("192.0.2.1"));
  CHECK(before != after);
  CHECK(names.text_of({ip("192.0.2.1"), 80}, before) == "a.example:80");
  CHECK(names.text_of({ip("192.0.2.1"), 80}, after) == "b.example:80");
  const auto all = names.all();
  REQUIRE(all.size() == 1);
  CHECK(all[0].ip == "192.0.2.1");
  CHECK(all[0].fqdn == "b.example");
}

TEST_CASE("address names: who dialled before there was a name has the first one that came") {
  address_names names{10};
  const endpoint dialled{ip("192.0.2.1"), 80};
  CHECK(names.text_of(dialled, 0) == "192.0.2.1:80");
  names.learn(dialled.ip, "a.example");
  CHECK(names.text_of(dialled, 0) == "a.example:80");
  names.learn(dialled.ip, "b.example");
  CHECK(names.text_of(dialled, 0) == "a.example:80");
}

TEST_CASE("address names: their number and their length have bounds") {
  address_names names{2};
  names.learn(ip("192.0.2.1"), "a.example");
  names.learn(ip("192.0.2.2"), "b.example");
  names.learn(ip("192.0.2.3"), "c.example");
  names.learn(ip("192.0.2.3"), std::string(254, 'x'));
  names.learn(ip("192.0.2.3"), ".");
  CHECK(names.newest(ip("192.0.2.3")) == 0);
  CHECK(names.overflow() == 1);
  for (uint16_t i = 0; i < address_names::addresses_max; ++i)
    names.learn(ip("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250)), "a.example");
  CHECK(names.all().size() == address_names::addresses_max);
  CHECK(names.newest(ip("192.0.2.1")) == 0); // It came first.
}

TEST_CASE("address names: what was told elsewhere is taken over, with the same numbers") {
  address_names mine{10};
  address_names theirs{10};
  mine.learn(ip("192.0.2.1"), "a.example");
  theirs.learn(ip("192.0.2.1"), "b.example");
  theirs.learn(ip("192.0.2.2"), "c.example");
  const auto name = theirs.newest(ip("192.0.2.2"));
  mine.absorb(theirs);
  CHECK(mine.newest(ip("192.0.2.2")) == name);
  CHECK(mine.text_of({ip("192.0.2.2"), 1}, name) == "c.example:1");
  CHECK(mine.text_of({ip("192.0.2.1"), 1}, 0) == "a.example:1");
}

TEST_CASE("address names: rows that names made equal are one") {
  std::vector<destination_stats> rows(3);
  rows[0].destination = rows[2].destination = "shop.example:80";
  rows[0].actual_destination = rows[2].actual_destination = "192.0.2.1:80";
  rows[1].destination = "192.0.2.9:80";
  rows[0].successful_connects = 2;
  rows[1].successful_connects = 5;
  rows[2].successful_connects = 3;
  rows[2].bytes_sent = 7;
  merge_equal(rows);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].successful_connects == 5);
  CHECK(rows[0].bytes_sent == 7);
  CHECK(rows[1].destination == "192.0.2.9:80");
}
