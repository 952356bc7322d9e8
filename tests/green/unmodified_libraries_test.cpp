// Client libraries that block, in green threads: each as its maker built it. Servers answer after a while; under a virtual clock the whole
// takes as long as the longest answer if the calls wait side by side.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <curl/curl.h>
#include <hiredis/hiredis.h>
#include <http/secure_servers.hpp>

#include <hocket/green.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
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

HOCKET_TEST(unmodified_hiredis, ten_blocking_commands_take_the_time_of_one) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    std::string asked;
    while (asked.find("PING\r\n") == std::string::npos) {
      const hocket::buffer piece = co_await peer.receive();
      if (!piece) co_return;
      asked += piece.text();
    }
    co_await hocket::sleep(answer_after);
    co_await peer.send_all("+PONG\r\n");
  });
  green::patch_all();
  const auto begin = loop::running().time();
  const auto port = server.port();
  auto all = green::spawn([port] {
    green::group members;
    return members.map(
        [port](int) {
          const std::unique_ptr<redisContext, decltype(&redisFree)> context(redisConnect("127.0.0.1", port),
                                                                            &redisFree);
          auto* const reply = static_cast<redisReply*>(redisCommand(context.get(), "PING"));
          const std::string told = reply != nullptr ? std::string(reply->str, reply->len) : context->errstr;
          if (reply != nullptr) freeReplyObject(reply);
          return told;
        },
        std::vector<int>(10));
  });
  EXPECT_EQ(co_await all, std::vector<std::string>(10, "PONG"));
  EXPECT_LT(loop::running().time() - begin, 2 * answer_after);
  EXPECT_EQ(server.most_open(), 10U);
}

}  // namespace
