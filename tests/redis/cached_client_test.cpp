// Answers that are kept until the server says that they hold no more: against redis-server, and against scripted ones for what must come in one piece.

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <peers/peer_test.hpp>
#include <redis/redis_server.hpp>
#include <redis/scripted_redis.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/redis.hpp>
#include <hocket/redis/detail/reply_cache.hpp>
#include <hocket/testing/throws.hpp>

using hocket::coro;
using hocket::tcp_socket;
using hocket::redis::detail::reply_cache;
using hocket::testing::options_for;
using hocket::testing::redis_peer;
using hocket::testing::redis_server;
using hocket::testing::scripted_server;
using hocket::testing::throws;
using hocket::testing::words;
namespace redis = hocket::redis;
using namespace std::chrono_literals;

namespace {

redis::reply text(std::string bytes) { return {redis::reply_kind::bulk_string, std::move(bytes)}; }

void keep(reply_cache& in, const std::string& question, const std::string& answer, std::vector<std::string> keys) {
  reply_cache::fetch under_way(in, std::move(keys));
  in.keep(question, text(answer), under_way);
}

/// Greets a client that wants to be told.
coro<void> greet_with_tracking(redis_peer& peer) {
  co_await peer.greet();
  co_await peer.expect("CLIENT TRACKING ON");
  co_await peer.say("+OK\r\n");
}

/// Waits until the cache has been told of so many keys.
coro<void> until_told(redis::cached_client& by, std::uint64_t keys) {
  while (by.info().invalidations < keys) co_await hocket::sleep(1ms);
}

}  // namespace

TEST(redis_reply_cache, forgets_what_was_not_asked_for_longest) {
  reply_cache cache(2, 1'000'000, 1);
  keep(cache, "a?", "1", {"a"});
  keep(cache, "b?", "2", {"b"});
  EXPECT_NE(cache.find("a?"), nullptr);
  keep(cache, "c?", "3", {"c"});
  EXPECT_EQ(cache.find("b?"), nullptr);
  EXPECT_EQ(cache.find("a?")->text(), "1");
  EXPECT_EQ(cache.entries(), 2U);
}

TEST(redis_reply_cache, holds_so_many_bytes_and_no_more) {
  reply_cache cache(1000, 10'000, 1);
  for (int n = 0; n < 100; ++n) {
    keep(cache, fmt::format("{}?", n), std::string(1000, 'x'), {std::to_string(n)});
    EXPECT_LE(cache.bytes(), 10'000U);
  }
  EXPECT_GT(cache.entries(), 4U);
  EXPECT_NE(cache.find("99?"), nullptr);
  keep(cache, "large?", std::string(20'000, 'x'), {"large"});
  EXPECT_EQ(cache.find("large?"), nullptr);
  EXPECT_NE(cache.find("99?"), nullptr) << "for something that is not kept nothing has to go";
  cache.clear();
  EXPECT_EQ(cache.bytes(), 0U);
  EXPECT_EQ(cache.entries(), 0U);
}

TEST(redis_reply_cache, forgets_all_that_is_about_a_key) {
  reply_cache cache(100, 1'000'000, 1);
  keep(cache, "a?", "1", {"a"});
  keep(cache, "a and b?", "12", {"a", "b", "a"});
  keep(cache, "b?", "2", {"b"});
  cache.invalidate("a");
  EXPECT_EQ(cache.find("a?"), nullptr);
  EXPECT_EQ(cache.find("a and b?"), nullptr);
  EXPECT_NE(cache.find("b?"), nullptr);
  cache.invalidate("nothing");
  cache.invalidate("b");
  EXPECT_EQ(cache.bytes(), 0U);
}

TEST(redis_reply_cache, keeps_nothing_that_changed_while_it_was_fetched) {
  reply_cache cache(100, 1'000'000, 1);
  {
    reply_cache::fetch changed(cache, {"a", "b"});
    reply_cache::fetch other(cache, {"c"});
    cache.invalidate("b");
    cache.keep("a and b?", text("12"), changed);
    cache.keep("c?", text("3"), other);
  }
  EXPECT_EQ(cache.find("a and b?"), nullptr);
  EXPECT_NE(cache.find("c?"), nullptr);
  reply_cache::fetch lost(cache, {"a"});
  cache.clear();
  cache.keep("a?", text("1"), lost);
  EXPECT_EQ(cache.entries(), 0U);
}

HOCKET_TEST(redis_cached_client, keeps_no_answer_behind_which_its_invalidation_came_in_one_piece) {
  scripted_server server([](tcp_socket& connection, std::size_t) -> coro<void> {
    redis_peer peer(connection);
    co_await greet_with_tracking(peer);
    co_await peer.expect("GET a");
    co_await peer.say("$3\r\nold\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n");
    co_await peer.expect("GET a");
    co_await peer.say("$3\r\nnew\r\n");
    co_await peer.expect("PING");
    co_await peer.say(">2\r\n$10\r\ninvalidate\r\n_\r\n+PONG\r\n");
    co_await peer.expect("GET a");
    co_await peer.say("$6\r\nnewest\r\n");
    static_cast<void>(co_await peer.next());
  });
  redis::cached_client store(options_for(server));
  EXPECT_EQ(co_await store.get("a"), "old");
  EXPECT_EQ(co_await store.get("a"), "new");
  EXPECT_EQ(co_await store.get("a"), "new");
  EXPECT_EQ(store.info().hits, 1U);
  co_await store.ping();
  EXPECT_EQ(co_await store.get("a"), "newest") << "nil: all keys";
  co_await store.close();
}

HOCKET_TEST(redis_cached_client, forgets_everything_when_its_connection_is_lost) {
  scripted_server server([](tcp_socket& connection, std::size_t nth) -> coro<void> {
    redis_peer peer(connection);
    co_await greet_with_tracking(peer);
    co_await peer.expect("GET a");
    co_await peer.say(nth == 0 ? "+old\r\n" : "+new\r\n");
    if (nth > 0) static_cast<void>(co_await peer.next());
  });
  redis::cached_client store(options_for(server));
  EXPECT_EQ(co_await store.get("a"), "old");
  co_await hocket::sleep(1s);
  EXPECT_EQ(store.info().entries, 0U);
  EXPECT_EQ(co_await store.get("a"), "new");
  co_await store.close();
}

HOCKET_PEER_TEST(redis_cached_client, asks_again_when_somebody_has_changed_the_key) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::client other(server.options());
  redis::cached_client store(server.options());
  co_await store.set("a", 1);
  co_await store.hset("hash", "field", "value");
  for (int n = 0; n < 3; ++n) {
    EXPECT_EQ(co_await store.command<int>("GET", "a"), 1);
    EXPECT_EQ((co_await store.hgetall("hash")).at("field"), "value");
    EXPECT_EQ(co_await store.get("missing"), std::nullopt);
  }
  EXPECT_EQ(store.info().hits, 6U);
  EXPECT_EQ(store.info().entries, 3U);
  co_await other.set("a", 2);
  co_await other.set("missing", "there");
  co_await until_told(store, 2);
  EXPECT_EQ(co_await store.command<int>("GET", "a"), 2);
  EXPECT_EQ(co_await store.get("missing"), "there");
  EXPECT_EQ(co_await store.incr("a"), 3);
  EXPECT_EQ(co_await store.command<int>("GET", "a"), 3) << "the answer to INCR came behind the invalidation";
  const auto info = store.info();
  for (int n = 0; n < 3; ++n) static_cast<void>(co_await store.ttl("a"));
  EXPECT_EQ(store.info().hits, info.hits) << "time passes without anybody changing anything";
  co_await other.flushdb();
  while (store.info().entries > 0) co_await hocket::sleep(1ms);
  co_await other.close();
  co_await store.close();
  EXPECT_TRUE(co_await throws<redis::client_closed>(store.get("a")));
}

HOCKET_PEER_TEST(redis_cached_client, keeps_what_has_the_prefixes_of_which_it_is_told) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::client other(server.options());
  redis::cache_options how;
  how.prefixes = words("user:", "shop:");
  redis::cached_client store(server.options(), std::move(how));
  for (int n = 0; n < 2; ++n) {
    static_cast<void>(co_await store.get("user:1"));
    static_cast<void>(co_await store.get("shop:1"));
    static_cast<void>(co_await store.mget("user:1", "else"));
  }
  EXPECT_EQ(store.info().hits, 2U);
  EXPECT_EQ(store.info().entries, 2U);
  co_await other.set("user:2", 1);
  co_await other.set("user:1", 1);
  co_await until_told(store, 2);
  EXPECT_EQ(co_await store.get("user:1"), "1");
  co_await other.close();
  co_await store.close();
}

HOCKET_PEER_TEST(redis_cached_client, forgets_by_itself_what_it_writes_if_it_is_not_told) {
  HOCKET_NEEDS("redis-server");
  redis_server server;
  co_await server.start();
  redis::cache_options how;
  how.noloop = true;
  redis::cached_client store(server.options(), std::move(how));
  co_await store.set("a", 1);
  co_await store.set("b", 1);
  EXPECT_EQ(co_await store.get("a"), "1");
  EXPECT_EQ(co_await store.get("b"), "1");
  co_await store.set("a", 2);
  EXPECT_EQ(co_await store.get("a"), "2");
  EXPECT_EQ(store.info().entries, 2U);
  co_await store.command("SCRIPT", "FLUSH");
  EXPECT_EQ(store.info().entries, 0U) << "nobody knows what that changes";
  EXPECT_EQ(store.info().invalidations, 0U);
  co_await store.close();
}

HOCKET_TEST(redis_cached_client, wants_resp3) {
  redis::client_options options;
  options.protocol = redis::protocol_version::resp2;
  EXPECT_THROW(redis::cached_client{options}, std::invalid_argument);
  co_return;
}
