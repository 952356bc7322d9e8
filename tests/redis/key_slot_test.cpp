// Where commands of a cluster go: slots, the keys among words, and what nodes say about it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/redis/detail/command_keys.hpp>
#include <hocket/redis/detail/redirection.hpp>
#include <hocket/redis/detail/topology.hpp>
#include <hocket/redis/key_slot.hpp>
#include <hocket/redis/redis_error.hpp>

namespace redis = hocket::redis;
using redis::key_slot;
using redis::request;
using redis::detail::parse_redirection;

namespace {

std::optional<std::uint16_t> slot_of(const request& what) {
  return redis::detail::slot_of(what, *redis::detail::rule_of(redis::detail::name_of(what)));
}

std::vector<std::string_view> keys_of(const request& what) {
  return redis::detail::keys_of(what, *redis::detail::rule_of(redis::detail::name_of(what)));
}

redis::reply list(redis::reply::items_type items) { return {redis::reply_kind::array, std::move(items)}; }
redis::reply text(std::string_view bytes) { return {redis::reply_kind::bulk_string, std::string(bytes)}; }
redis::reply number(std::int64_t value) { return redis::reply(value); }

redis::reply node(redis::reply host, std::int64_t port) {
  redis::reply::items_type items;
  items.push_back(std::move(host));
  items.push_back(number(port));
  items.push_back(text("id"));
  return list(std::move(items));
}
redis::reply range(std::int64_t first, std::int64_t last, std::vector<redis::reply> nodes) {
  redis::reply::items_type items;
  items.push_back(number(first));
  items.push_back(number(last));
  for (redis::reply& each : nodes) items.push_back(std::move(each));
  return list(std::move(items));
}

}  // namespace

// Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/; CLUSTER KEYSLOT says the same.
TEST(redis_key_slot, is_the_crc_of_the_key_or_of_its_hash_tag) {
  EXPECT_EQ(key_slot("123456789"), 0x31C3);
  EXPECT_EQ(key_slot(""), 0);
  EXPECT_EQ(key_slot("foo"), 12182);
  EXPECT_EQ(key_slot("{user1000}.following"), key_slot("user1000"));
  EXPECT_EQ(key_slot("x{user1000}.followers"), key_slot("user1000"));
  EXPECT_EQ(key_slot("foo{{bar}}zap"), key_slot("{bar"));
  EXPECT_EQ(key_slot("foo{bar}{zap}"), key_slot("bar"));
  EXPECT_NE(key_slot("foo{}{bar}"), key_slot("bar"));
  EXPECT_NE(key_slot("foo{bar"), key_slot("bar"));
}

TEST(redis_command_keys, are_found_among_the_words) {
  using keys = std::vector<std::string_view>;
  EXPECT_EQ(keys_of(request("get", "a")), keys{"a"});
  EXPECT_EQ(keys_of(request("MGET", "a", "b", "c")), (keys{"a", "b", "c"}));
  EXPECT_EQ(keys_of(request("MSET", "a", 1, "b", 2)), (keys{"a", "b"}));
  EXPECT_EQ(keys_of(request("BLPOP", "a", "b", 0)), (keys{"a", "b"}));
  EXPECT_EQ(keys_of(request("EVAL", "return 1", 2, "a", "b", "c")), (keys{"a", "b"}));
  EXPECT_EQ(keys_of(request("ZUNIONSTORE", "to", 2, "a", "b", "WEIGHTS", 1, 2)), (keys{"to", "a", "b"}));
  EXPECT_EQ(keys_of(request("XREADGROUP", "GROUP", "g", "c", "streams", "a", "b", ">", ">")), (keys{"a", "b"}));
  EXPECT_EQ(keys_of(request("BITOP", "AND", "to", "a")), (keys{"to", "a"}));
  EXPECT_EQ(keys_of(request("OBJECT", "ENCODING", "a")), keys{"a"});
}

TEST(redis_command_keys, are_none_where_words_are_missing) {
  for (const request& each :
       {request("GET"), request("MGET"), request("BLPOP"), request("EVAL", "x"), request("EVAL", "x", 3, "a"),
        request("EVAL", "x", "y"), request("XREAD", "a"), request("XREAD", "STREAMS"), request("ZUNIONSTORE", "a"),
        request("BITOP", "AND"), request("EVAL", "x", "18446744073709551615", "a")}) {
    EXPECT_TRUE(keys_of(each).empty());
    EXPECT_EQ(slot_of(each), std::nullopt);
  }
}

TEST(redis_command_keys, must_be_in_one_slot) {
  EXPECT_EQ(slot_of(request("MGET", "{x}a", "{x}b")), key_slot("x"));
  try {
    static_cast<void>(slot_of(request("MGET", "a", "b\n")));
    FAIL();
  } catch (const redis::cross_slot_error& refused) {
    EXPECT_STREQ(
        refused.what(),
        "MGET names keys of several slots of the cluster, 'a' of 15495 and 'b\uFFFD' of 3074: give them a common hash "
        "tag, as in {user}.name, or ask for each by itself");
  }
}

TEST(redis_redirection, says_where_a_slot_is) {
  const auto moved = parse_redirection("MOVED 3999 127.0.0.1:6381", "asked");
  EXPECT_EQ(moved->slot, 3999);
  EXPECT_EQ(moved->to, (redis::node_address{"127.0.0.1", 6381}));
  EXPECT_EQ(parse_redirection("ASK 0 ::1:7000", "asked")->to, (redis::node_address{"::1", 7000}));
  EXPECT_EQ(parse_redirection("MOVED 1 :7000", "asked")->to, (redis::node_address{"asked", 7000}));
}

TEST(redis_redirection, is_none_of_what_is_no_such_thing) {
  for (const char* each :
       {"", "MOVED", "MOVED 1", "MOVED 1 host", "MOVED x host:1", "MOVED 16384 host:1", "MOVED -1 host:1",
        "MOVED 1 host:0", "MOVED 1 host:65536", "MOVED 1 host:", "MOVED 1:2 host", "MOVED 1 a b:1"})
    EXPECT_FALSE(parse_redirection(each, "asked")) << each;
}

TEST(redis_topology, is_what_cluster_slots_says) {
  std::vector<redis::reply> nodes;
  nodes.push_back(node(redis::reply(), 7000));
  nodes.push_back(node(text("10.0.0.2"), 7001));
  nodes.push_back(node(text("?"), 7002));
  redis::reply::items_type ranges;
  ranges.push_back(range(0, 5460, std::move(nodes)));
  std::vector<redis::reply> unknown;
  unknown.push_back(node(text("?"), 7003));
  ranges.push_back(range(5461, 16383, std::move(unknown)));
  const auto found = redis::detail::parse_slots(list(std::move(ranges)), "asked");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].last, 5460);
  EXPECT_EQ(found[0].master, (redis::node_address{"asked", 7000}));
  EXPECT_EQ(found[0].replicas, (std::vector<redis::node_address>{{"10.0.0.2", 7001}}));
}

TEST(redis_topology, is_refused_where_it_makes_no_sense) {
  const auto with = [](std::int64_t first, std::int64_t last, std::int64_t port) {
    std::vector<redis::reply> nodes;
    nodes.push_back(node(text("a"), port));
    redis::reply::items_type ranges;
    ranges.push_back(range(first, last, std::move(nodes)));
    return list(std::move(ranges));
  };
  EXPECT_EQ(redis::detail::parse_slots(with(0, 16383, 1), "").size(), 1U);
  EXPECT_THROW(static_cast<void>(redis::detail::parse_slots(with(0, 16384, 1), "")), redis::conversion_error);
  EXPECT_THROW(static_cast<void>(redis::detail::parse_slots(with(2, 1, 1), "")), redis::conversion_error);
  EXPECT_THROW(static_cast<void>(redis::detail::parse_slots(with(-1, 1, 1), "")), redis::conversion_error);
  EXPECT_THROW(static_cast<void>(redis::detail::parse_slots(with(0, 1, 65536), "")), redis::conversion_error);
  EXPECT_THROW(static_cast<void>(redis::detail::parse_slots(text("OK"), "")), redis::conversion_error);
  EXPECT_THROW(static_cast<void>(redis::detail::parse_slots({redis::reply_kind::error, "ERR no"}, "")),
               redis::response_error);
}
