// Client libraries that block, in green threads: each as its maker built it. Servers answer after a while; under a virtual clock the whole
// takes as long as the longest answer if the calls wait side by side.

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <curl/curl.h>
#include <hiredis/hiredis.h>
#include <http/secure_servers.hpp>
#include <libmemcached/memcached.h>
#include <libpq-fe.h>

#include <hocket/green.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using namespace std::string_literals;
using hocket::byte_stream;
using hocket::coro;
using hocket::loop;
using hocket::tcp_socket;
using hocket::testing::certificate_here;
using hocket::testing::over_tls;
using hocket::testing::read_request;
using hocket::testing::scripted_server;
using hocket::testing::secure_url;
namespace green = hocket::green;

namespace {

constexpr auto answer_after = 300ms;
constexpr const char* answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

std::size_t take(char* bytes, std::size_t, std::size_t size, void* to) {
  static_cast<std::string*>(to)->append(bytes, size);
  return size;
}

struct fetched {
  CURLcode code = CURLE_OK;
  std::string body{};
};

/// libcurl's easy interface: resolves, connects, sends, receives, all blocking.
fetched fetch(const std::string& url) {
  fetched result;
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), &curl_easy_cleanup);
  curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &take);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &result.body);
  const std::string& trusted = certificate_here().certificate;
  curl_blob authority{.data = const_cast<char*>(trusted.data()), .len = trusted.size(), .flags = CURL_BLOB_COPY};
  curl_easy_setopt(easy.get(), CURLOPT_CAINFO_BLOB, &authority);
  result.code = curl_easy_perform(easy.get());
  return result;
}

struct side_by_side {
  hocket::duration took;
  std::vector<std::string> bodies;
};

coro<side_by_side> fetch_ten(std::string url) {
  green::patch_all();
  const auto begin = loop::running().time();
  auto all = green::spawn([&url] {
    green::group members;
    return members.map(
        [](const std::string& where) {
          const fetched result = fetch(where);
          return result.code == CURLE_OK ? result.body : std::string(curl_easy_strerror(result.code));
        },
        std::vector<std::string>(10, url));
  });
  std::vector<std::string> bodies = co_await all;
  co_return {loop::running().time() - begin, std::move(bodies)};
}

HOCKET_TEST(unmodified_libcurl, ten_blocking_transfers_take_the_time_of_one) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await hocket::sleep(answer_after);
    co_await peer.send_all(answer);
  });
  const side_by_side all = co_await fetch_ten(server.url());
  EXPECT_EQ(all.bodies, std::vector<std::string>(10, "hello"));
  EXPECT_EQ(server.most_open(), 10U);
  EXPECT_LT(all.took, 2 * answer_after);
}

HOCKET_TEST(unmodified_libcurl, speaks_tls) {
  scripted_server server(over_tls([](byte_stream& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await hocket::sleep(answer_after);
    co_await peer.send_all(answer);
    co_await peer.close();
  }));
  const side_by_side all = co_await fetch_ten(secure_url(server));
  EXPECT_EQ(all.bodies, std::vector<std::string>(10, "hello"));
  EXPECT_EQ(server.most_open(), 10U);
}

HOCKET_TEST(unmodified_libcurl, is_given_up_when_the_green_thread_is_cancelled) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await hocket::sleep(24h);
  });
  green::patch_all();
  fetched result;
  auto transfer = green::spawn([&] { result = fetch(server.url()); });
  while (server.open() == 0) co_await hocket::sleep(1ms);
  co_await hocket::sleep(10ms);
  transfer.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(transfer));
  EXPECT_NE(result.code, CURLE_OK) << "libcurl has come back and cleaned up";
}

/// What has come of `peer` when it ends with `end`; less if it hangs up before.
coro<std::string> read_until(tcp_socket& peer, std::string_view end) {
  std::string got;
  while (!got.ends_with(end)) {
    const hocket::buffer piece = co_await peer.receive();
    if (!piece) break;
    got += piece.text();
  }
  co_return got;
}

/// Ten green threads that `ask` a server on that port: the answers, which take as long as one.
template <class Ask>
coro<void> expect_ten_answers_in_the_time_of_one(scripted_server& server, Ask ask, std::string answer_of_each) {
  green::patch_all();
  const auto begin = loop::running().time();
  auto all = green::spawn([&ask, port = server.port()] {
    green::group members;
    return members.map([&ask, port](int) -> std::string { return ask(port); }, std::vector<int>(10));
  });
  EXPECT_EQ(co_await all, std::vector<std::string>(10, answer_of_each));
  EXPECT_LT(loop::running().time() - begin, 2 * answer_after);
  EXPECT_EQ(server.most_open(), 10U);
}

HOCKET_TEST(unmodified_hiredis, ten_blocking_commands_take_the_time_of_one) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_until(peer, "PING\r\n"));
    co_await hocket::sleep(answer_after);
    co_await peer.send_all("+PONG\r\n");
  });
  const auto ping = [](std::uint16_t port) {
    const std::unique_ptr<redisContext, decltype(&redisFree)> context(redisConnect("127.0.0.1", port), &redisFree);
    const std::unique_ptr<void, decltype(&freeReplyObject)> reply(redisCommand(context.get(), "PING"),
                                                                  &freeReplyObject);
    if (!reply) return std::string(context->errstr);
    const auto& told = *static_cast<redisReply*>(reply.get());
    return std::string(told.str, told.len);
  };
  co_await expect_ten_answers_in_the_time_of_one(server, ping, "PONG");
}

/// A message of PostgreSQL's: its kind, its length, what it says.
std::string message(char kind, std::string_view text) {
  const auto size = static_cast<char>(text.size() + 4);
  return std::string(1, kind) + std::string("\0\0\0", 3) + size + std::string(text);
}

// https://www.postgresql.org/docs/15/protocol-message-formats.html
HOCKET_TEST(unmodified_libpq, ten_blocking_queries_take_the_time_of_one) {
  using namespace std::string_view_literals;
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_until(peer, "\0\0"sv));  // the start-up message
    co_await peer.send_all(message('R', "\0\0\0\0"sv) + message('Z', "I"));
    static_cast<void>(co_await read_until(peer, "select 'late'\0"sv));
    co_await hocket::sleep(answer_after);
    const std::string column =
        "told\0"s + "\0\0\0\0\0\0"s + "\0\0\0\x19"s + "\xff\xff"s + "\xff\xff\xff\xff"s + "\0\0"s;
    co_await peer.send_all(message('T', "\0\1"s + column) + message('D', "\0\1\0\0\0\4late"sv) +
                           message('C', "SELECT 1\0"sv) + message('Z', "I"));
    static_cast<void>(co_await read_until(peer, "X\0\0\0\4"sv));
  });
  const auto ask = [](std::uint16_t port) {
    const std::string where =
        "host=127.0.0.1 user=nobody sslmode=disable gssencmode=disable port=" + std::to_string(port);
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(where.c_str()), &PQfinish);
    if (PQstatus(connection.get()) != CONNECTION_OK) return std::string(PQerrorMessage(connection.get()));
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), "select 'late'"), &PQclear);
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return std::string(PQresultErrorMessage(result.get()));
    return std::string(PQgetvalue(result.get(), 0, 0));
  };
  co_await expect_ten_answers_in_the_time_of_one(server, ask, "late");
}

HOCKET_TEST(unmodified_libmemcached, ten_blocking_gets_take_the_time_of_one) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_until(peer, "\r\n"));
    co_await hocket::sleep(answer_after);
    co_await peer.send_all("VALUE greeting 0 5\r\nhello\r\nEND\r\n");
    static_cast<void>(co_await read_until(peer, "quit\r\n"));
  });
  const auto get = [](std::uint16_t port) {
    const std::unique_ptr<memcached_st, decltype(&memcached_free)> cache(memcached_create(nullptr), &memcached_free);
    memcached_server_add(cache.get(), "127.0.0.1", port);
    std::size_t size = 0;
    std::uint32_t flags = 0;
    memcached_return_t how = MEMCACHED_SUCCESS;
    const std::unique_ptr<char, decltype(&std::free)> value(
        memcached_get(cache.get(), "greeting", 8, &size, &flags, &how), &std::free);
    return value ? std::string(value.get(), size) : std::string(memcached_strerror(cache.get(), how));
  };
  co_await expect_ten_answers_in_the_time_of_one(server, get, "hello");
}

}  // namespace
