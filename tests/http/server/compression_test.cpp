#include <array>
#include <string>

#include <http/server/answers.hpp>
#include <io/temporary_directory.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/coding/content_decoder.hpp>
#include <hocket/http/server/compression.hpp>
#include <hocket/io/write_file.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::http::body;
using hocket::http::body_writer;
using hocket::http::compression;
using hocket::http::content_coding;
using hocket::http::content_decoder;
using hocket::http::handler;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::router;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::field_of;
using hocket::testing::has_line;
using hocket::testing::request_of;
using hocket::testing::running_server;
using hocket::testing::statuses;
using hocket::testing::whole_body_of;

namespace {

std::string decode_some(content_decoder& decoder, std::string_view bytes) {
  std::string plain;
  std::array<char, 4096> room;
  for (;;) {
    const auto [consumed, produced] = decoder.decode(bytes, room);
    bytes.remove_prefix(consumed);
    if (produced == 0) return plain;
    plain.append(room.data(), produced);
  }
}

std::string decoded(content_coding coding, std::string_view bytes) {
  content_decoder decoder(coding, {.ratio = 100'000});
  std::string plain = decode_some(decoder, bytes);
  decoder.finish();
  return plain;
}

router compressing(handler answer, hocket::http::compression_options options = {}) {
  router routes;
  routes.use(compression(std::move(options)));
  routes.any("/{path:path}", std::move(answer));
  return routes;
}

std::string some_text(std::size_t size) {
  std::string text;
  for (int n = 0; text.size() < size; ++n) text += fmt::format("line {}\n", n);
  text.resize(size);
  return text;
}

const std::string text = some_text(5000);

coro<reply> answer_text(request&) { co_return reply::text(text); }

/// What becomes of that reply for a client that takes gzip.
coro<std::string> answer_with(std::function<reply()> made, std::string method = "GET") {
  running_server server(compressing([&](request&) -> coro<reply> { co_return made(); }));
  const std::string answer = co_await answer_to(server.address(), request_of(method, "/", "Accept-Encoding: gzip\r\n"));
  co_await server.stop();
  co_return answer;
}

reply text_with(std::string_view name, std::string_view value, int status = 200) {
  reply made = reply::text(text, status);
  made.headers.set(name, value);
  return made;
}

HOCKET_TEST(compression, encodes_in_a_coding_that_the_client_takes) {
  running_server server(compressing(answer_text));
  for (const auto& [accepted, used] : {std::pair("gzip", content_coding::gzip),
                                       {"zstd", content_coding::zstd},
                                       {"gzip, br, zstd", content_coding::br},
                                       {"br;q=0.1, gzip;q=0.2", content_coding::gzip},
                                       {"*", content_coding::br}}) {
    const std::string asking = request_of("GET", "/", fmt::format("Accept-Encoding: {}\r\n", accepted));
    const std::string answer = co_await answer_to(server.address(), asking);
    EXPECT_EQ(field_of(answer, "Content-Encoding"), to_string(used)) << accepted;
    EXPECT_EQ(field_of(answer, "Vary"), "Accept-Encoding");
    EXPECT_EQ(field_of(answer, "Content-Length"), std::to_string(body_of(answer).size()));
    EXPECT_LT(body_of(answer).size(), text.size() / 2);
    EXPECT_EQ(decoded(used, body_of(answer)), text) << accepted;
  }
  co_await server.stop();
}

HOCKET_TEST(compression, reads_a_list_that_comes_in_several_fields) {
  running_server server(compressing(answer_text));
  const std::string fields = "Accept-Encoding: br;q=0.1\r\nAccept-Encoding: gzip\r\n";
  const std::string answer = co_await answer_to(server.address(), request_of("GET", "/", fields));
  EXPECT_EQ(field_of(answer, "Content-Encoding"), "gzip");
  co_await server.stop();
}

HOCKET_TEST(compression, leaves_the_content_to_who_takes_no_coding_but_says_that_it_varies) {
  running_server server(compressing(answer_text));
  for (const char* fields :
       {"", "Accept-Encoding: deflate\r\n", "Accept-Encoding: identity\r\n", "Accept-Encoding: gzip;q=0\r\n",
        "Accept-Encoding: ,;=\r\n", "Accept-Encoding: *;q=0\r\n"}) {
    const std::string answer = co_await answer_to(server.address(), request_of("GET", "/", fields));
    EXPECT_EQ(field_of(answer, "Content-Encoding"), "-") << fields;
    EXPECT_EQ(field_of(answer, "Vary"), "Accept-Encoding") << fields;
    EXPECT_EQ(body_of(answer), text) << fields;
  }
  co_await server.stop();
}

HOCKET_TEST(compression, leaves_alone_what_is_not_for_it) {
  const std::pair<const char*, std::function<reply()>> cases[] = {
      {"encoded already", [] { return text_with("Content-Encoding", "gzip"); }},
      {"no-transform", [] { return text_with("Cache-Control", "public, No-Transform"); }},
      {"a part", [] { return text_with("Content-Range", "bytes 0-4999/9000", 206); }},
      {"a part by its status", [] { return reply::text(text, 206); }},
      {"a digest", [] { return text_with("Repr-Digest", "sha-256=:AAAA:"); }},
      {"an image", [] { return text_with("Content-Type", "image/png"); }},
      {"an archive", [] { return text_with("Content-Type", "application/zip"); }},
      {"of no type", [] { return reply{.body = text}; }},
      {"small", [] { return reply::text(text.substr(0, 1023)); }},
      {"empty", [] { return reply::text(""); }}};
  for (const auto& [what, made] : cases) {
    const std::string answer = co_await answer_with(made);
    EXPECT_EQ(field_of(answer, "Vary"), "-") << what;
    EXPECT_TRUE(whole_body_of(answer) == made().body.in_memory()) << what << "\n" << answer.substr(0, 500);
  }
}

HOCKET_TEST(compression, statuses_without_a_body_stay_without) {
  for (const int status : {204, 304}) {
    const std::string answer = co_await answer_with([&] { return text_with("ETag", "\"a\"", status); });
    EXPECT_EQ(field_of(answer, "Content-Encoding"), "-");
    EXPECT_EQ(field_of(answer, "ETag"), "\"a\"");
    EXPECT_EQ(body_of(answer), "");
  }
}

HOCKET_TEST(compression, encodes_the_types_that_become_smaller) {
  for (const char* type : {"text/css", "TEXT/HTML; charset=utf-8", "application/json", "application/problem+json",
                           "application/javascript", "image/svg+xml", "application/rss+xml", "application/wasm"}) {
    const std::string answer = co_await answer_with([&] { return text_with("Content-Type", type); });
    EXPECT_EQ(field_of(answer, "Content-Encoding"), "gzip") << type;
  }
}

HOCKET_TEST(compression, leaves_what_does_not_become_smaller) {
  std::string noise;
  for (std::uint64_t n = 1; noise.size() < 2000; n = n * 6364136223846793005 + 1442695040888963407)
    noise += static_cast<char>(n >> 56);
  const std::string answer = co_await answer_with([&] { return reply::text(noise); });
  EXPECT_EQ(field_of(answer, "Content-Encoding"), "-");
  EXPECT_EQ(field_of(answer, "Vary"), "Accept-Encoding");
  EXPECT_TRUE(body_of(answer) == noise);
}

HOCKET_TEST(compression, a_strong_tag_becomes_weak) {
  EXPECT_EQ(field_of(co_await answer_with([] { return text_with("ETag", "\"a\""); }), "ETag"), "W/\"a\"");
  EXPECT_EQ(field_of(co_await answer_with([] { return text_with("ETag", "W/\"a\""); }), "ETag"), "W/\"a\"");
}

HOCKET_TEST(compression, ranges_of_what_it_encodes_are_not_offered) {
  EXPECT_EQ(field_of(co_await answer_with([] { return text_with("Accept-Ranges", "bytes"); }), "Accept-Ranges"), "-");
}

HOCKET_TEST(compression, does_not_repeat_what_a_reply_says_of_its_variety) {
  const std::string both = co_await answer_with([] { return text_with("Vary", "Cookie, accept-encoding"); });
  EXPECT_EQ(field_of(both, "Vary"), "Cookie, accept-encoding");
  EXPECT_EQ(both.find("Vary", both.find("Vary") + 1), std::string::npos);
  const std::string other = co_await answer_with([] { return text_with("Vary", "Cookie"); });
  EXPECT_TRUE(has_line(other, "Vary: Cookie")) << other;
  EXPECT_TRUE(has_line(other, "Vary: Accept-Encoding")) << other;
}

HOCKET_TEST(compression, answers_head_as_get) {
  const std::string answer = co_await answer_with([] { return reply::text(text); }, "HEAD");
  const std::string whole = co_await answer_with([] { return reply::text(text); });
  EXPECT_EQ(field_of(answer, "Content-Encoding"), "gzip");
  EXPECT_EQ(field_of(answer, "Content-Length"), field_of(whole, "Content-Length"));
  EXPECT_EQ(body_of(answer), "");
}

HOCKET_TEST(compression, encodes_large_bodies_piece_by_piece) {
  const std::string large = some_text(3'000'000);
  const std::string answer = co_await answer_with([&] { return reply::text(large); });
  EXPECT_EQ(field_of(answer, "Transfer-Encoding"), "chunked");
  EXPECT_TRUE(decoded(content_coding::gzip, whole_body_of(answer)) == large);
}

HOCKET_TEST(compression, encodes_a_part_of_a_file) {
  const hocket::testing::temporary_directory folder;
  const std::string content = some_text(200'000);
  co_await hocket::write_file(folder.path() + "/file", content);
  running_server server(compressing([&](request&) -> coro<reply> {
    reply given{.headers = {{"Content-Type", "text/plain"}}};
    given.body = body::of_file(co_await hocket::file::open(folder.path() + "/file"), 10, 150'000);
    co_return given;
  }));
  const std::string answer = co_await answer_to(server.address(), request_of("GET", "/", "Accept-Encoding: zstd\r\n"));
  EXPECT_TRUE(decoded(content_coding::zstd, whole_body_of(answer)) == content.substr(10, 150'000));
  co_await server.stop();
}

HOCKET_TEST(compression, a_file_that_became_shorter_cuts_the_connection) {
  const hocket::testing::temporary_directory folder;
  co_await hocket::write_file(folder.path() + "/file", some_text(300'000));
  std::string reported;
  running_server server(compressing([&](request&) -> coro<reply> {
                          reply given{.headers = {{"Content-Type", "text/plain"}}};
                          given.body = body::of_file(co_await hocket::file::open(folder.path() + "/file"), 0, 400'000);
                          co_return given;
                        }),
                        {.on_error = [&](const std::string& problem) { reported = problem; }});
  const std::string answer = co_await answer_to(server.address(), request_of("GET", "/", "Accept-Encoding: gzip\r\n"));
  EXPECT_FALSE(answer.ends_with("0\r\n\r\n"));
  EXPECT_TRUE(reported.contains("became shorter")) << reported;
  co_await server.stop();
}

HOCKET_TEST(compression, what_is_flushed_can_be_read_at_once) {
  for (const auto coding : {content_coding::br, content_coding::gzip, content_coding::zstd}) {
    running_server server(compressing([](request&) -> coro<reply> {
      co_return reply::stream("text/plain", [](body_writer& out) -> coro<void> {
        co_await out.write("one ");
        co_await out.write("two");
        co_await out.flush();
        co_await hocket::sleep(1h);
      });
    }));
    auto client = co_await hocket::tcp_socket::connect(server.address());
    co_await client.send_all(request_of("GET", "/", fmt::format("Accept-Encoding: {}\r\n", to_string(coding))));
    const auto begun = hocket::loop::running().time();
    content_decoder decoder(coding);
    std::string answer, plain;
    while (plain.size() < 7 && hocket::loop::running().time() == begun) {
      answer += (co_await client.receive()).text();
      content_decoder anew(coding);
      plain = decode_some(anew, whole_body_of(answer));
    }
    EXPECT_EQ(plain, "one two") << to_string(coding) << "\n" << answer;
    client.close();
    co_await server.stop();
  }
}

HOCKET_TEST(compression, a_producer_that_fails_before_it_wrote_is_answered_by_500) {
  running_server server(compressing([](request&) -> coro<reply> {
    co_return reply::stream("text/plain", [](body_writer&) -> coro<void> {
      co_await hocket::sleep(1s);
      throw std::runtime_error("no");
    });
  }));
  const std::string answer = co_await answer_to(server.address(), request_of("GET", "/", "Accept-Encoding: gzip\r\n"));
  EXPECT_EQ(statuses(answer), "500");
  EXPECT_EQ(field_of(answer, "Content-Encoding"), "-");
  co_await server.stop();
}

TEST(compression, refuses_codings_that_it_cannot_make) {
  EXPECT_THROW(static_cast<void>(compression({.codings = {content_coding::deflate}})), hocket::error);
}

}  // namespace
