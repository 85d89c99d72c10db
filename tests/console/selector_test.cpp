// SPDX-License-Identifier: Apache-2.0
#include "actors/console/selector.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

const std::string web_id = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9";
const std::map<std::string, std::string> web_labels{{"app", "shop"}, {"tier", "front"}};

const container_scope web{"/docker/web", "docker", web_id, "web", "", "", &web_labels};
const container_scope app{
    "/k8s/shop/web-7d9f/app", "containerd", "ffff", "app", "shop", "web-7d9f", nullptr};

bool by_container(std::vector<std::string> names, const container_scope& scope) {
  selector s;
  s.containers = std::move(names);
  return s.matches(scope);
}

bool by_label(std::string_view condition, const container_scope& scope) {
  selector s;
  s.labels.push_back(*parse_label_condition(condition));
  return s.matches(scope);
}

} // namespace

TEST_CASE("selector: without flags everything is in scope") {
  CHECK(selector{}.matches_all());
  CHECK(selector{}.matches(web));
  CHECK(selector{}.matches_pid(1));
}

TEST_CASE("selector: a container is named by id, name or the start of its runtime's id") {
  for (const std::string name : {"web", "/docker/web", "0a1b", "0a1b2c3d4e5f"})
    CHECK_MESSAGE(by_container({name}, web), name);
  CHECK(by_container({web_id}, web));
  for (const std::string name : {"we", "web2", "/docker/we", "0a1", "1b2c", "docker", "/"})
    CHECK_FALSE_MESSAGE(by_container({name}, web), name);
}

TEST_CASE("selector: an id may stop at any of its parts") {
  CHECK(by_container({"/k8s/shop"}, app));
  CHECK(by_container({"/k8s/shop/web-7d9f"}, app));
  CHECK(by_container({"app"}, app));
  CHECK_FALSE(by_container({"/k8s/sho"}, app));
}

TEST_CASE("selector: a name of hexadecimal letters is not taken for an id that is no such") {
  const container_scope cafe{"/docker/cafe", "docker", web_id, "cafe", "", "", nullptr};
  CHECK(by_container({"cafe"}, cafe));
  CHECK_FALSE(by_container({"cafe"}, web));
}

TEST_CASE("selector: several names are an or, exclusions win") {
  CHECK(by_container({"db", "web"}, web));
  CHECK_FALSE(by_container({"web", "!web"}, web));
  CHECK_FALSE(by_container({"!web", "web"}, web));
  CHECK(by_container({"!db"}, web));
  CHECK_FALSE(by_container({"db", "!cache"}, web));
}

TEST_CASE("selector: different flags must all match") {
  selector s;
  s.name_spaces = {"shop"};
  CHECK(s.matches(app));
  CHECK_FALSE(s.matches(web));
  s.runtimes = {"docker"};
  CHECK_FALSE(s.matches(app));
  s.runtimes = {"!docker"};
  s.pods = {"web-7d9f"};
  CHECK(s.matches(app));
}

TEST_CASE("selector: labels") {
  CHECK(by_label("app=shop", web));
  CHECK_FALSE(by_label("app=shops", web));
  CHECK(by_label("app!=other", web));
  CHECK_FALSE(by_label("app!=shop", web));
  CHECK(by_label("tier", web));
  CHECK_FALSE(by_label("missing", web));
  CHECK_FALSE(by_label("app=shop", app));
  CHECK(by_label("app!=shop", app));
}

TEST_CASE("selector: a label condition keeps what stands behind its first equals sign") {
  CHECK(parse_label_condition("k=a=b")->value == "a=b");
  CHECK(parse_label_condition("k=")->value.empty());
  CHECK_FALSE(parse_label_condition(""));
  CHECK_FALSE(parse_label_condition("=v"));
  CHECK_FALSE(parse_label_condition("!=v"));
}

TEST_CASE("selector: pids") {
  selector s;
  s.pids = {7, 9};
  CHECK(s.matches_pid(9));
  CHECK_FALSE(s.matches_pid(8));
  CHECK_FALSE(s.matches_all());
}

TEST_CASE("selector: who is missing is named, with who is near") {
  selector s;
  s.containers = {"wbe", "app", "!gone"};
  CHECK(explain_missing(s, {web, app})
        == std::vector<std::string>{"no container matches 'wbe' now; nearest: web"});
  s.containers = {"some\x1bthing"};
  CHECK(explain_missing(s, {web, app})
        == std::vector<std::string>{"no container matches 'some\\x1bthing' now; "
                                    "'troupe list --all' shows all"});
}

TEST_CASE("selector: says itself in the words of the command line") {
  selector s;
  s.containers = {"web", "!db"};
  s.labels.push_back(*parse_label_condition("app!=shop"));
  s.pids = {7};
  CHECK(s.text() == "-c web -c !db -l app!=shop --pid 7");
}

TEST_CASE("selector: a batch has containerd's namespace from its id") {
  trace_batch batch;
  batch.identity.container_id = "/containerd/prod/web";
  CHECK(scope_of(batch).name_space == "prod");
  batch.identity.name_space = "shop";
  CHECK(scope_of(batch).name_space == "shop");
}
