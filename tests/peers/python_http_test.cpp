// Python's HTTP: aiohttp and requests as clients of our server, aiohttp.web as a server for our session. See the scripts beside.

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <http/running_server.hpp>
#include <io/temporary_directory.hpp>
#include <openssl/sha.h>
#include <peers/pattern.hpp>
#include <peers/peer_test.hpp>

#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/client/download.hpp>
#include <hocket/http/client/retries.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/cookies/request_cookies.hpp>
#include <hocket/http/cookies/set_cookie.hpp>
#include <hocket/http/json.hpp>
#include <hocket/http/server/compression.hpp>
#include <hocket/http/server/read_form.hpp>
#include <hocket/http/server/router.hpp>

using hocket::coro;
using hocket::testing::pattern;
using hocket::testing::peer_process;
using hocket::testing::port_at_end_of;
using hocket::testing::run_peer;
using hocket::testing::running_server;
using hocket::testing::skip_for_want_of;
using hocket::testing::temporary_directory;
using hocket::testing::write_file;
using nlohmann::json;
namespace http = hocket::http;

namespace {

constexpr std::size_t megabytes = 4 * 1024 * 1024;

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int n = 0; n < times; ++n) all += text;
  return all;
}

std::vector<std::string> python(const std::string& script, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {HOCKET_PYTHON, HOCKET_PEER_SCRIPTS "/" + script});
  return arguments;
}

/// First in a test's body: `if (!co_await has_module("aiohttp")) co_return skip_for_want_of("python3-aiohttp");`
coro<bool> has_module(std::string name) {
  static std::map<std::string, bool> known;  // Python takes its time to begin
  if (!hocket::testing::find_program(HOCKET_PYTHON)) co_return false;
  if (const auto found = known.find(name); found != known.end()) co_return found->second;
  const auto asked = co_await run_peer(python("http_client_peer.py", {"has", name}));
  co_return known[name] = asked.status == 0;
}

std::string hex_digest(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  std::string text;
  for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

coro<http::reply> echo(http::request& asked) {
  const std::string body = co_await asked.read();
  co_return http::json_reply({{"method", asked.method()}, {"body", body}});
}

coro<http::reply> show_form(http::request& asked) {
  const http::received_form form = co_await http::read_form(asked);
  json fields = json::object();
  json files = json::object();
  for (const auto& [name, value] : form.fields) fields[name] = value;
  for (const auto& each : form.files) files[each.name] = {each.filename, each.size_bytes, each.content_type};
  co_return http::json_reply({{"fields", fields}, {"files", files}});
}

coro<http::reply> log_in(http::request&) {
  auto reply = http::reply::redirect("/who");
  reply.headers.add("Set-Cookie", http::format_set_cookie({.name = "user", .value = "somebody"}));
  co_return reply;
}

coro<http::reply> tell_who(http::request& asked) {
  const auto cookies = http::request_cookies::parse(asked.headers().get("Cookie").value_or(""));
  co_return http::reply::text(fmt::format("you are {}", cookies.get("user").value_or("nobody")));
}

coro<void> write_large(http::body_writer& to) {
  const std::string whole = pattern(megabytes);
  for (std::size_t at = 0; at < whole.size(); at += 50'000)
    co_await to.write(std::string_view(whole).substr(at, 50'000));
}

http::router routes() {
  http::router made;
  made.use(http::compression({.codings = {http::content_coding::br, http::content_coding::gzip}}));
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) made.add(method, "/echo", echo);
  made.post("/json", [](http::request& asked) -> coro<http::reply> {
    co_return http::json_reply(co_await http::read_json(asked));
  });
  made.post("/form", show_form);
  made.put("/digest", [](http::request& asked) -> coro<http::reply> {
    co_return http::reply::text(hex_digest(co_await asked.read(megabytes)));
  });
  made.get("/stream", [](http::request&) -> coro<http::reply> {
    co_return http::reply::stream("application/octet-stream", write_large);
  });
  made.get("/text", [](http::request&) -> coro<http::reply> {
    co_return http::reply::text(repeated("all work and no play ", 1000));
  });
  made.get("/login", log_in);
  made.get("/who", tell_who);
  made.get("/port", [](http::request& asked) -> coro<http::reply> {
    co_return http::reply::text(std::to_string(asked.peer().port()));
  });
  made.get("/fail", [](http::request&) -> coro<http::reply> {
    throw std::runtime_error("on purpose");
    co_return http::reply();
  });
  made.get("/slow", [](http::request& asked) -> coro<http::reply> {
    co_await hocket::sleep(std::chrono::milliseconds(50));
    co_return http::reply::text(std::string(asked.query()));
  });
  return made;
}

coro<void> expect_served_to(std::string client) {
  running_server server(routes());
  const auto result = co_await run_peer(python("http_client_peer.py", {client, server.url("")}));
  EXPECT_EQ(result.status, 0) << result.err;
  co_await server.stop();
}

/// aiohttp.web with a folder of its own.
class aiohttp_server {
 public:
  aiohttp_server() {
    write_file(folder_ / "large", pattern(megabytes));
    server_.emplace(python("http_server_peer.py", {folder_.path()}));
  }
  coro<void> ready() { site_ = fmt::format("http://127.0.0.1:{}", port_at_end_of(co_await server_->out().readline())); }
  [[nodiscard]] std::string url(std::string_view path) const { return fmt::format("{}{}", site_, path); }

 private:
  temporary_directory folder_;
  std::optional<peer_process> server_;
  std::string site_;
};

coro<json> json_of(http::response answer) { co_return json::parse(co_await answer.text()); }
coro<std::string> text_of(http::response answer) { co_return co_await answer.text(); }

hocket::async_generator<std::string> pieces_of(std::string whole) {
  for (std::size_t at = 0; at < whole.size(); at += 100'000) co_yield whole.substr(at, 100'000);
}

}  // namespace

HOCKET_PEER_TEST(aiohttp_client, is_served) {
  if (!co_await has_module("aiohttp")) co_return skip_for_want_of("python3-aiohttp");
  co_await expect_served_to("aiohttp");
}

HOCKET_PEER_TEST(requests_client, is_served) {
  if (!co_await has_module("requests")) co_return skip_for_want_of("python3-requests");
  co_await expect_served_to("requests");
}

HOCKET_PEER_TEST(aiohttp_server, takes_every_kind_of_body) {
  if (!co_await has_module("aiohttp")) co_return skip_for_want_of("python3-aiohttp");
  aiohttp_server server;
  co_await server.ready();
  http::session web;

  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    const json seen = co_await json_of(
        co_await web.request(method, std::string_view(server.url("/echo")), {.query = {{"a", "b c"}}, .body = "body"}));
    EXPECT_EQ(seen["method"], method);
    EXPECT_EQ(seen["body"], "body");
    EXPECT_EQ(seen["query"], "a=b c");
  }
  const json of_json = co_await json_of(co_await web.post(server.url("/echo"), {.json = R"({"a": 1})"}));
  EXPECT_EQ(of_json["type"], "application/json");
  const json of_form = co_await json_of(co_await web.post(server.url("/form"), {.form = {{"who", "\u00e4 b&c=d"}}}));
  EXPECT_EQ(of_form["who"], "\u00e4 b&c=d");
  http::multipart_form form("boundary");
  form.add("who", "somebody");
  form.add("one", http::body::pieces(pieces_of(pattern(megabytes)), megabytes),
           {.filename = "a.bin", .content_type = "application/x-a"});
  const json of_parts = co_await json_of(co_await web.post(server.url("/form"), {.multipart = std::move(form)}));
  EXPECT_EQ(of_parts, (json{{"who", "somebody"}, {"one", {"a.bin", "application/x-a", megabytes}}}));
  EXPECT_EQ(
      co_await text_of(co_await web.put(
          server.url("/digest"), {.body = http::body::pieces(pieces_of(pattern(megabytes))), .expect_continue = true})),
      hex_digest(pattern(megabytes)));
}

HOCKET_PEER_TEST(aiohttp_server, gives_every_kind_of_body) {
  if (!co_await has_module("aiohttp")) co_return skip_for_want_of("python3-aiohttp");
  aiohttp_server server;
  co_await server.ready();
  http::session_options options{.cookies = std::make_shared<http::cookie_jar>(),
                                .wall_clock = hocket::system_wall_clock};
  options.middlewares.push_back(http::retries({.pause = {.first = std::chrono::milliseconds(1)}}));
  http::session web(std::move(options));

  std::string lines;
  for (int n = 0; n < 1000; ++n) lines += fmt::format("{}\n", n);
  EXPECT_EQ(co_await text_of(co_await web.get(server.url("/stream"))), lines);
  for (const char* coding : {"gzip", "deflate"}) {
    auto answer = co_await web.get(server.url("/text"), {.fields = {{"Accept-Encoding", coding}}});
    EXPECT_EQ(answer.headers().get("Content-Encoding"), coding);
    EXPECT_EQ(co_await answer.text(), repeated("all work and no play ", 1000)) << coding;
  }
  EXPECT_EQ(co_await text_of(co_await web.get(server.url("/japanese"))), "\u65e5\u672c");
  auto answer = co_await web.get(server.url("/login"));
  EXPECT_EQ(answer.redirects(), 1U);
  EXPECT_EQ(co_await answer.text(), "somebody");
  EXPECT_EQ(co_await text_of(co_await web.get(server.url("/busy"))), "done") << "asked again while it is busy";
  const std::string first = co_await text_of(co_await web.get(server.url("/port")));
  for (int n = 0; n < 20; ++n) EXPECT_EQ(co_await text_of(co_await web.get(server.url("/port"))), first);
}

HOCKET_PEER_TEST(aiohttp_server, gives_files_in_parts_and_only_what_has_changed) {
  if (!co_await has_module("aiohttp")) co_return skip_for_want_of("python3-aiohttp");
  aiohttp_server server;
  co_await server.ready();
  http::session web;
  const temporary_directory folder;
  const std::string path = folder / "saved";

  EXPECT_EQ(co_await http::download(web, *hocket::url::parse(server.url("/files/large")), path), megabytes);
  EXPECT_TRUE(hocket::testing::content_of(path) == pattern(megabytes));

  auto whole = co_await web.get(server.url("/files/large"));
  const auto known = whole.validators();
  EXPECT_FALSE(known.strongest().empty());
  static_cast<void>(co_await whole.read());
  http::request_options if_changed;
  http::ask_if_changed(if_changed.fields, known);
  EXPECT_TRUE((co_await web.get(server.url("/files/large"), std::move(if_changed))).is_not_modified());
  http::request_options rest;
  http::ask_for_rest(rest.fields, megabytes - 10, known);
  auto part = co_await web.get(server.url("/files/large"), std::move(rest));
  EXPECT_EQ(part.status(), 206);
  EXPECT_TRUE(co_await part.read() == pattern(megabytes).substr(megabytes - 10));
}
