#include <filesystem>
#include <string>

#include <http/server/answers.hpp>
#include <io/temporary_directory.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/http/server/read_form.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::http::form_limits;
using hocket::http::received_form;
using hocket::http::reply;
using hocket::http::request;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::content_of;
using hocket::testing::request_of;
using hocket::testing::running_server;
using hocket::testing::statuses;

namespace {

std::size_t files_in(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

/// "name=value" and "name:filename:type:size:content" of each, a line each.
std::string described(const received_form& form) {
  std::string text;
  for (const auto& [name, value] : form.fields) text += fmt::format("{}={}\n", name, value);
  for (const auto& each : form.files)
    text += fmt::format("{}:{}:{}:{}:{}\n", each.name, each.filename, each.content_type, each.size_bytes,
                        content_of(each.path()));
  return text;
}

/// A server that describes the forms that it gets, and keeps their files in a folder of its own meanwhile.
struct form_server {
  explicit form_server(form_limits how = {}) : limits(std::move(how)) { limits.directory = folder.path(); }

  coro<reply> answer(request& asked) {
    const received_form form = co_await read_form(asked, limits);
    most_files = std::max(most_files, files_in(folder.path()));
    co_return reply::text(described(form));
  }
  /// "200 text"
  coro<std::string> ask(std::string type, std::string body) {
    const std::string fields = type.empty() ? "" : fmt::format("Content-Type: {}\r\n", type);
    const std::string answer = co_await answer_to(running.address(), request_of("POST", "/", fields, body));
    co_return fmt::format("{} {}", statuses(answer), body_of(answer));
  }
  coro<void> stop() {
    co_await running.stop();
    EXPECT_EQ(files_in(folder.path()), 0U);
  }

  hocket::testing::temporary_directory folder;
  form_limits limits;
  std::size_t most_files = 0;
  running_server running{[this](request& asked) -> coro<reply> { co_return co_await answer(asked); }};
};

const std::string urlencoded = "application/x-www-form-urlencoded";
const std::string multipart = "multipart/form-data; boundary=b";

std::string part(std::string_view name, std::string_view content) {
  return fmt::format("--b\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{}\r\n", name, content);
}
std::string file_part(std::string_view name, std::string_view filename, std::string_view content) {
  return fmt::format(
      "--b\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n"
      "Content-Type: text/plain\r\n\r\n{}\r\n",
      name, filename, content);
}
const std::string end = "--b--\r\n";

HOCKET_TEST(read_form, reads_fields_of_the_short_form) {
  form_server server;
  EXPECT_EQ(co_await server.ask(urlencoded, "a=1&b=two+words&a=%C3%A4&c"), "200 a=1\nb=two words\na=ä\nc=\n");
  EXPECT_EQ(co_await server.ask("Application/X-WWW-Form-urlencoded; charset=UTF-8", "a=1"), "200 a=1\n");
  EXPECT_EQ(co_await server.ask(urlencoded, ""), "200 ");
  co_await server.stop();
}

HOCKET_TEST(read_form, reads_fields_and_files_of_the_long_form) {
  form_server server;
  const std::string body =
      part("a", "1") + file_part("f", "x.txt", "content\r\n--") + part("a", "2\r\n") + file_part("f", "../y", "") + end;
  EXPECT_EQ(co_await server.ask(multipart, body),
            "200 a=1\na=2\r\n\nf:x.txt:text/plain:11:content\r\n--\nf:../y:text/plain:0:\n");
  EXPECT_EQ(server.most_files, 2U);
  co_await server.stop();
}

HOCKET_TEST(read_form, leaves_out_the_file_that_was_not_chosen) {
  form_server server;
  EXPECT_EQ(co_await server.ask(multipart, file_part("f", "", "") + part("a", "1") + end), "200 a=1\n");
  EXPECT_EQ(co_await server.ask(multipart, file_part("f", "", "x") + end), "200 f::text/plain:1:x\n");
  co_await server.stop();
}

HOCKET_TEST(read_form, a_large_file_arrives_whole) {
  form_server server({.file_bytes = 3'000'000});
  const std::string content(3'000'000, 'x');
  const std::string answer = co_await server.ask(multipart, file_part("f", "x", content) + end);
  EXPECT_TRUE(answer == fmt::format("200 f:x:text/plain:3000000:{}\n", content)) << answer.substr(0, 100);
  co_await server.stop();
}

HOCKET_TEST(read_form, comes_out_the_same_however_it_is_cut) {
  form_server server;
  const std::string body = part("a", "1\r\n--") + file_part("f", "x", "\r\n-\r\n--c") + end;
  const std::string whole = request_of("POST", "/", fmt::format("Content-Type: {}\r\n", multipart), body);
  const std::string expected = co_await answer_to(server.running.address(), whole);
  EXPECT_EQ(statuses(expected), "200");
  for (std::size_t cut = whole.size() - body.size(); cut < whole.size(); ++cut) {
    auto client = co_await hocket::tcp_socket::connect(server.running.address());
    co_await client.send_all(whole.substr(0, cut));
    co_await hocket::testing::wait_all_tasks_blocked();
    co_await client.send_all(whole.substr(cut));
    client.shutdown_send();
    EXPECT_EQ(co_await hocket::testing::receive_to_end(client), expected) << cut;
  }
  co_await server.stop();
}

HOCKET_TEST(read_form, refuses_what_is_no_form) {
  form_server server;
  for (const char* type : {"", "text/plain", "application/json", "multipart/mixed; boundary=b", "/"})
    EXPECT_TRUE((co_await server.ask(type, "a=1")).starts_with("415 ")) << type;
  const std::string coded =
      request_of("POST", "/", "Content-Encoding: gzip\r\nContent-Type: " + urlencoded + "\r\n", "x");
  EXPECT_EQ(statuses(co_await answer_to(server.running.address(), coded)), "415");
  co_await server.stop();
}

HOCKET_TEST(read_form, refuses_what_is_malformed) {
  form_server server;
  EXPECT_EQ(co_await server.ask("multipart/form-data", end), "400 the form has no boundary\n");
  EXPECT_EQ(co_await server.ask(multipart, "--b\r\nContent-Disposition: form-data\r\n\r\n\r\n" + end),
            "400 a part of the form has no name\n");
  EXPECT_EQ(co_await server.ask(multipart, "--b\r\n\r\n\r\n" + end), "400 a part of the form has no name\n");
  EXPECT_TRUE((co_await server.ask(multipart, "--b\r\nno field\r\n\r\n\r\n" + end)).starts_with("400 "));
  EXPECT_TRUE((co_await server.ask(multipart, "nothing of it")).starts_with("400 "));
  const std::string transfer =
      "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  EXPECT_TRUE((co_await server.ask(multipart, transfer + "AAAA\r\n" + end)).starts_with("415 "));
  co_await server.stop();
}

HOCKET_TEST(read_form, a_form_that_is_cut_short_leaves_nothing) {
  form_server server;
  const std::string whole = part("a", "1") + file_part("f", "x", "content") + end;
  for (std::size_t size = 1; size < whole.size() - 4;
       ++size)  // the last line end may be missing, or a dash of what follows
    EXPECT_TRUE((co_await server.ask(multipart, whole.substr(0, size))).starts_with("400 ")) << size;
  EXPECT_EQ(server.most_files, 0U);
  co_await server.stop();
}

HOCKET_TEST(read_form, keeps_its_limits) {
  form_server server(
      {.parts = 3, .files = 1, .field_bytes = 10, .memory_bytes = 23, .file_bytes = 12, .total_bytes = 400});
  const std::string full = file_part("f", "x", "twelve bytes") + part("a", "ten bytes.") + end;
  EXPECT_TRUE((co_await server.ask(multipart, full)).starts_with("200 "));
  for (const std::string& body :
       {file_part("f", "x", "thirteen byte") + end, part("a", "eleven byte") + end,
        part("a", "1") + part("a", "1") + part("a", "1") + part("a", "1") + end,
        file_part("f", "x", "") + file_part("f", "x", "") + end,
        part("aa", "ten bytes.") + part("bb", "ten bytes.") + end, part(std::string(24, 'n'), "") + end,
        file_part("f", std::string(20, 'n'), "") + end, full + std::string(300, '\n')})
    EXPECT_TRUE((co_await server.ask(multipart, body)).starts_with("413 ")) << body;
  EXPECT_EQ(co_await server.ask(urlencoded, "a=ten+bytes."), "200 a=ten bytes.\n");
  EXPECT_EQ(co_await server.ask(urlencoded, "a=1&a=2&a=3"), "200 a=1\na=2\na=3\n");
  for (const char* body : {"a=eleven+byte", "a=1&a=2&a=3&a=4", "aaaaaaaaa=1&bbbbbbbbbb=2"})
    EXPECT_TRUE((co_await server.ask(urlencoded, body)).starts_with("413 ")) << body;
  co_await server.stop();
}

HOCKET_TEST(read_form, a_form_in_chunks_keeps_its_limits_too) {
  form_server server({.total_bytes = 200});
  const std::string body = file_part("f", "x", std::string(200, 'x')) + end;
  const std::string fields = fmt::format("Content-Type: {}\r\nTransfer-Encoding: chunked\r\n", multipart);
  const std::string sent = request_of("POST", "/", fields) + fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", body.size(), body);
  EXPECT_EQ(statuses(co_await answer_to(server.running.address(), sent)), "413");
  co_await server.stop();
}

HOCKET_TEST(read_form, a_file_that_is_kept_stays) {
  hocket::testing::temporary_directory folder;
  std::string kept;
  running_server server([&](request& asked) -> coro<reply> {
    received_form form = co_await read_form(asked, {.directory = folder.path()});
    kept = form.file("f")->keep();
    EXPECT_EQ(form.file("g"), nullptr);
    EXPECT_EQ(form.require("a"), "1");
    static_cast<void>(form.require("b"));
    co_return reply{};
  });
  const std::string fields = fmt::format("Content-Type: {}\r\n", multipart);
  const std::string body = file_part("f", "x", "content") + file_part("h", "x", "") + part("a", "1") + end;
  EXPECT_EQ(body_of(co_await answer_to(server.address(), request_of("POST", "/", fields, body))),
            "the form has no field 'b'\n");
  EXPECT_EQ(content_of(kept), "content");
  EXPECT_EQ(files_in(folder.path()), 1U);
  co_await server.stop();
}

HOCKET_TEST(read_form, a_client_that_goes_leaves_nothing) {
  form_server server;
  const std::string whole =
      request_of("POST", "/", fmt::format("Content-Type: {}\r\n", multipart), file_part("f", "x", "content") + end);
  auto client = co_await hocket::tcp_socket::connect(server.running.address());
  co_await client.send_all(whole.substr(0, whole.size() - 12));
  while (files_in(server.folder.path()) == 0) co_await hocket::sleep(1ms);
  client.close();
  while (files_in(server.folder.path()) != 0) co_await hocket::sleep(1ms);
  co_await server.stop();
}

}  // namespace
