#include <array>
#include <chrono>
#include <filesystem>
#include <string>

#include <http/running_server.hpp>
#include <io/temporary_directory.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <hocket/core/gather.hpp>
#include <hocket/http/date.hpp>
#include <hocket/http/server/router.hpp>
#include <hocket/http/server/static_files.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::http::static_files;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::has_line;
using hocket::testing::running_server;
using hocket::testing::statuses;
using hocket::testing::temporary_directory;
using hocket::testing::write_file;

namespace {

/// A folder `root` with a secret beside it, and a server for it.
class served_folder {
 public:
  served_folder() {
    std::filesystem::create_directories(root() + "/docs");
    write_file(outer_ / "secret.txt", "secret");
    write_file(root() + "/docs/a.html", "<p>a");
  }

  [[nodiscard]] std::string root() const { return outer_ / "root"; }
  [[nodiscard]] std::string path(std::string_view name) const { return root() + "/" + std::string(name); }

  coro<std::string> get(std::string target, std::string fields = "", std::string method = "GET") {
    if (!server_) start();
    co_return co_await answer_to(server_->address(),
                                 fmt::format("{} {} HTTP/1.1\r\nHost: x\r\n{}\r\n", method, target, fields));
  }
  coro<void> stop() { co_await server_->stop(); }

  hocket::http::static_files_options options{.list_directories = true};  // when it starts

 private:
  void start() { server_.emplace(static_files::below(root(), options)); }

  temporary_directory outer_;
  std::optional<running_server> server_;
};

HOCKET_TEST(static_files, sends_a_file) {
  served_folder folder;
  const std::string answer = co_await folder.get("/docs/a.html");
  EXPECT_EQ(statuses(answer), "200");
  EXPECT_EQ(body_of(answer), "<p>a");
  EXPECT_TRUE(has_line(answer, "Content-Length: 4"));
  co_await folder.stop();
}

// In real time: virtual time may move on while the kernel still carries so many bytes.
HOCKET_REAL_TIME_TEST(static_files, sends_a_large_file_whole) {
  served_folder folder;
  std::string text;
  for (int n = 0; n < 500'000; ++n) text += fmt::format("{}\n", n);
  write_file(folder.path("large.txt"), text);
  const std::string answer = co_await folder.get("/large.txt");
  EXPECT_TRUE(body_of(answer) == text);
  co_await folder.stop();
}

HOCKET_TEST(static_files, sends_an_empty_file) {
  served_folder folder;
  write_file(folder.path("empty.txt"), "");
  const std::string answer = co_await folder.get("/empty.txt");
  EXPECT_EQ(statuses(answer), "200");
  EXPECT_TRUE(has_line(answer, "Content-Length: 0"));
  co_await folder.stop();
}

HOCKET_TEST(static_files, keeps_the_connection_from_file_to_file) {
  served_folder folder;
  write_file(folder.path("empty.txt"), "");
  const std::string answers = co_await folder.get(
      "/empty.txt", "\r\nHEAD /docs/a.html HTTP/1.1\r\nHost: x\r\n\r\nGET /docs/a.html HTTP/1.1\r\nHost: x\r\n");
  EXPECT_EQ(statuses(answers), "200 200 200");
  co_await folder.stop();
}

HOCKET_TEST(static_files, names_the_type_by_the_ending) {
  served_folder folder;
  for (const auto& [name, type] : {std::pair{"a.html", "text/html"},
                                   {"a.HTM", "text/html"},
                                   {"a.css", "text/css"},
                                   {"a.js", "text/javascript"},
                                   {"a.png", "image/png"},
                                   {"a.svg", "image/svg+xml"},
                                   {"a.unknown", "application/octet-stream"},
                                   {"a", "application/octet-stream"}}) {
    write_file(folder.path(name), "x");
    const std::string answer = co_await folder.get(fmt::format("/{}", name));
    EXPECT_NE(answer.find(fmt::format("\r\nContent-Type: {}", type)), std::string::npos) << answer;
  }
  co_await folder.stop();
}

HOCKET_TEST(static_files, answers_head_as_get_without_the_body) {
  served_folder folder;
  const std::string answer = co_await folder.get("/docs/a.html", "", "HEAD");
  EXPECT_EQ(statuses(answer), "200");
  EXPECT_TRUE(has_line(answer, "Content-Length: 4"));
  EXPECT_EQ(body_of(answer), "");
  co_await folder.stop();
}

HOCKET_TEST(static_files, answers_other_methods_with_405) {
  served_folder folder;
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const std::string answer = co_await folder.get("/docs/a.html", "", method);
    EXPECT_EQ(statuses(answer), "405") << method;
    EXPECT_TRUE(has_line(answer, "Allow: GET, HEAD"));
  }
  co_await folder.stop();
}

HOCKET_TEST(static_files, decodes_the_path_and_ignores_the_query) {
  served_folder folder;
  write_file(folder.path("a b\xc3\xa4%.html"), "odd");
  EXPECT_EQ(body_of(co_await folder.get("/a%20b%C3%A4%25.html?x=/../y")), "odd");
  co_await folder.stop();
}

// ---- directories

HOCKET_TEST(static_files, answers_a_directory_by_its_index) {
  served_folder folder;
  write_file(folder.path("docs/index.html"), "index");
  const std::string answer = co_await folder.get("/docs/");
  EXPECT_EQ(body_of(answer), "index");
  EXPECT_NE(answer.find("\r\nContent-Type: text/html"), std::string::npos);
  co_await folder.stop();
}

HOCKET_TEST(static_files, answers_the_root_by_its_index) {
  served_folder folder;
  write_file(folder.path("index.html"), "root index");
  EXPECT_EQ(body_of(co_await folder.get("/")), "root index");
  co_await folder.stop();
}

HOCKET_TEST(static_files, lists_a_directory_without_index) {
  served_folder folder;
  std::filesystem::create_directory(folder.path("docs/sub"));
  write_file(folder.path("docs/.hidden"), "");
  write_file(folder.path("docs/<b>&\"'x?#.html"), "");
  const std::string answer = co_await folder.get("/docs/");
  const std::string_view page = body_of(answer);
  EXPECT_EQ(statuses(answer), "200");
  EXPECT_NE(page.find("<a href=\"./a.html\">a.html</a>"), std::string::npos) << page;
  EXPECT_NE(page.find("<a href=\"./sub/\">sub/</a>"), std::string::npos);
  EXPECT_NE(page.find("<a href=\"../\">"), std::string::npos);
  EXPECT_EQ(page.find("hidden"), std::string::npos);
  EXPECT_EQ(page.find("<b>"), std::string::npos) << "a name must not be markup";
  EXPECT_EQ(page.find("x?#.html\""), std::string::npos) << "a name must not be a query or fragment";
  co_await folder.stop();
}

HOCKET_TEST(static_files, lists_nothing_that_cannot_be_asked_for) {
  served_folder folder;
  for (const char* name : {"docs/back\\slash", "docs/new\nline", "docs/a b", "docs/a%41"})
    write_file(folder.path(name), "");
  const std::string page = co_await folder.get("/docs/");
  for (const char* name : {"slash", "line"}) EXPECT_EQ(page.find(name), std::string::npos) << page;
  for (const char* target : {"a%20b", "a%2541"}) {
    EXPECT_NE(page.find(fmt::format("<a href=\"./{}\">", target)), std::string::npos) << page;
    EXPECT_EQ(statuses(co_await folder.get(fmt::format("/docs/{}", target))), "200");
  }
  co_await folder.stop();
}

HOCKET_TEST(static_files, the_list_of_the_root_does_not_lead_further_up) {
  served_folder folder;
  EXPECT_EQ((co_await folder.get("/")).find("href=\"../\""), std::string::npos);
  co_await folder.stop();
}

HOCKET_TEST(static_files, redirects_to_the_directory_with_a_slash) {
  served_folder folder;
  std::filesystem::create_directory(folder.path("d \xc3\xa4"));
  const std::string answer = co_await folder.get("/docs?a=b");
  EXPECT_EQ(statuses(answer), "301");
  EXPECT_TRUE(has_line(answer, "Location: ./docs/?a=b")) << answer;
  EXPECT_TRUE(has_line(co_await folder.get("/d%20%c3%a4"), "Location: ./d%20%C3%A4/"));
  co_await folder.stop();
}

HOCKET_TEST(static_files, a_file_with_a_slash_behind_is_not_found) {
  served_folder folder;
  EXPECT_EQ(statuses(co_await folder.get("/docs/a.html/")), "404");
  co_await folder.stop();
}

// ---- no way out

HOCKET_TEST(static_files, nothing_outside_is_reached_by_dots) {
  served_folder folder;
  for (const char* target : {"/../secret.txt", "/docs/../../secret.txt", "/%2e%2e/secret.txt", "/%2E%2E%2Fsecret.txt",
                             "/..%2fsecret.txt", "/.%2e/secret.txt", "/docs/%2e%2e/%2e%2e/secret.txt",
                             "/..%5csecret.txt", "/..\\secret.txt", "/%252e%252e/secret.txt", "//../secret.txt",
                             "/docs/..%00/../secret.txt", "/..;/secret.txt", "/%c0%ae%c0%ae/secret.txt"}) {
    const std::string answer = co_await folder.get(target);
    EXPECT_TRUE(statuses(answer) == "400" || statuses(answer) == "404") << target << " gave " << answer;
    EXPECT_EQ(body_of(answer).find("secret\n"), std::string_view::npos);
    EXPECT_NE(body_of(answer), "secret") << target;
  }
  co_await folder.stop();
}

HOCKET_TEST(static_files, nothing_outside_is_reached_by_symbolic_links) {
  served_folder folder;
  std::filesystem::create_symlink("../secret.txt", folder.path("near.txt"));
  std::filesystem::create_symlink(folder.root() + "/../secret.txt", folder.path("absolute.txt"));
  std::filesystem::create_symlink("..", folder.path("up"));
  for (const char* target : {"/near.txt", "/absolute.txt", "/up/secret.txt", "/up/"})
    EXPECT_EQ(statuses(co_await folder.get(target)), "404") << target;
  co_await folder.stop();
}

HOCKET_TEST(static_files, symbolic_links_inside_are_followed) {
  served_folder folder;
  std::filesystem::create_symlink("docs/a.html", folder.path("link.html"));
  EXPECT_EQ(body_of(co_await folder.get("/link.html")), "<p>a");
  co_await folder.stop();
}

HOCKET_TEST(static_files, links_in_a_circle_are_not_found) {
  served_folder folder;
  std::filesystem::create_symlink("b", folder.path("a"));
  std::filesystem::create_symlink("a", folder.path("b"));
  EXPECT_EQ(statuses(co_await folder.get("/a")), "404");
  co_await folder.stop();
}

// ---- what is no plain file

HOCKET_TEST(static_files, what_is_not_there_is_404) {
  served_folder folder;
  for (const std::string& target :
       {std::string("/nothing"), std::string("/docs/a.html/b"), "/" + std::string(300, 'x')})
    EXPECT_EQ(statuses(co_await folder.get(target)), "404") << target;
  co_await folder.stop();
}

HOCKET_TEST(static_files, a_fifo_is_404_and_nobody_waits_for_it) {
  served_folder folder;
  EXPECT_EQ(::mkfifo(folder.path("pipe").c_str(), 0666), 0);
  EXPECT_EQ(statuses(co_await folder.get("/pipe")), "404");
  EXPECT_EQ(statuses(co_await folder.get("/docs/a.html")), "200");
  co_await folder.stop();
}

/// Gives up the right to read everything, if the process has it.
class without_privileges {
 public:
  without_privileges() {
    if (::geteuid() == 0) given_up_ = ::seteuid(65534) == 0;
  }
  ~without_privileges() {
    if (given_up_) static_cast<void>(::seteuid(0));
  }
  without_privileges(const without_privileges&) = delete;

 private:
  bool given_up_ = false;
};

HOCKET_TEST(static_files, a_file_that_may_not_be_read_is_403) {
  served_folder folder;
  write_file(folder.path("private.txt"), "private");
  ::chmod(folder.path("private.txt").c_str(), 0);
  std::filesystem::permissions(folder.root() + "/..", std::filesystem::perms::all);
  {
    const without_privileges for_now;
    EXPECT_EQ(statuses(co_await folder.get("/private.txt")), "403");
    EXPECT_EQ(statuses(co_await folder.get("/docs/a.html")), "200");
  }
  co_await folder.stop();
}

HOCKET_TEST(static_files, an_index_that_may_not_be_read_is_403_and_no_list) {
  served_folder folder;
  write_file(folder.path("docs/index.html"), "private");
  ::chmod(folder.path("docs/index.html").c_str(), 0);
  std::filesystem::permissions(folder.root() + "/..", std::filesystem::perms::all);
  {
    const without_privileges for_now;
    EXPECT_EQ(statuses(co_await folder.get("/docs/")), "403");
  }
  co_await folder.stop();
}

HOCKET_TEST(static_files, an_index_that_is_no_file_is_none) {
  served_folder folder;
  std::filesystem::create_directory(folder.path("docs/index.html"));
  EXPECT_TRUE(body_of(co_await folder.get("/docs/")).contains("a.html"));
  co_await folder.stop();
}

HOCKET_TEST(static_files, a_socket_is_404) {
  served_folder folder;
  const int number = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  folder.path("socket").copy(address.sun_path, sizeof address.sun_path - 1);
  EXPECT_EQ(::bind(number, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(statuses(co_await folder.get("/socket")), "404");
  ::close(number);
  co_await folder.stop();
}

HOCKET_TEST(static_files, an_escaped_slash_or_nul_names_nothing) {
  served_folder folder;
  EXPECT_EQ(statuses(co_await folder.get("/docs%2Fa.html")), "404");
  EXPECT_EQ(statuses(co_await folder.get("/docs/a.html%00")), "400");
  EXPECT_EQ(statuses(co_await folder.get("/docs/a.html%00.txt")), "400");
  co_await folder.stop();
}

// ---- conditional requests

HOCKET_TEST(static_files, tells_when_a_file_was_changed) {
  served_folder folder;
  const timespec times[2] = {{784111777, 0}, {784111777, 500'000'000}};
  ::utimensat(AT_FDCWD, folder.path("docs/a.html").c_str(), times, 0);
  EXPECT_TRUE(has_line(co_await folder.get("/docs/a.html"), "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"));
  co_await folder.stop();
}

HOCKET_TEST(static_files, sends_304_to_who_has_the_file) {
  served_folder folder;
  const timespec times[2] = {{784111777, 0}, {784111777, 500'000'000}};
  ::utimensat(AT_FDCWD, folder.path("docs/a.html").c_str(), times, 0);
  for (const char* date : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:38 GMT",
                           "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    const std::string answer = co_await folder.get("/docs/a.html", fmt::format("If-Modified-Since: {}\r\n", date));
    EXPECT_EQ(statuses(answer), "304") << date;
    EXPECT_EQ(body_of(answer), "");
  }
  co_await folder.stop();
}

HOCKET_TEST(static_files, sends_the_file_to_who_has_an_older_one_or_talks_nonsense) {
  served_folder folder;
  const timespec times[2] = {{784111777, 0}, {784111777, 0}};
  ::utimensat(AT_FDCWD, folder.path("docs/a.html").c_str(), times, 0);
  for (const char* date : {"Sun, 06 Nov 1994 08:49:36 GMT", "yesterday", ""})
    EXPECT_EQ(statuses(co_await folder.get("/docs/a.html", fmt::format("If-Modified-Since: {}\r\n", date))), "200")
        << date;
  co_await folder.stop();
}

// ---- the rest

HOCKET_TEST(static_files, serves_many_at_once) {
  served_folder folder;
  std::vector<coro<std::string>> all;
  for (int n = 0; n < 100; ++n) {
    write_file(folder.path(std::to_string(n)), std::to_string(n));
    all.push_back(folder.get(fmt::format("/{}", n)));
  }
  const auto answers = co_await hocket::gather(std::move(all));
  for (int n = 0; n < 100; ++n) EXPECT_EQ(body_of(answers[static_cast<std::size_t>(n)]), std::to_string(n));
  co_await folder.stop();
}

// Kernel files say EAGAIN to a read that must not wait, which is what O_NONBLOCK means to a ring.
HOCKET_TEST(static_files, serves_files_of_any_file_system) {
  const char* const kernel_notes = "/sys/kernel/notes";
  if (::access(kernel_notes, R_OK) != 0) co_return;
  running_server server(static_files::below("/sys/kernel"));
  const std::string answer = co_await answer_to(server.address(), "GET /notes HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(statuses(answer), "200");
  EXPECT_FALSE(body_of(answer).empty());
  co_await server.stop();
}

HOCKET_TEST(static_files, a_directory_that_is_not_there_is_an_error_with_its_name) {
  try {
    static_cast<void>(static_files::below("/nowhere/at/all"));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::system_error& problem) {
    EXPECT_STREQ(problem.what(), "cannot serve '/nowhere/at/all': No such file or directory");
  }
  co_return;
}

HOCKET_TEST(static_files, a_file_is_not_a_directory_to_serve) {
  const temporary_directory folder;
  write_file(folder / "file", "");
  EXPECT_THROW(static_cast<void>(static_files::below(folder / "file")), std::system_error);
  co_return;
}

// ---- conditions and ranges

/// The value of a field of a response.
std::string field_of(std::string_view response, std::string_view name) {
  const std::size_t at = response.find(fmt::format("\r\n{}: ", name));
  if (at == std::string_view::npos) return "";
  const std::size_t begin = at + name.size() + 4;
  return std::string(response.substr(begin, response.find('\r', begin) - begin));
}

HOCKET_TEST(static_files, a_file_has_a_tag_that_changes_with_it) {
  served_folder folder;
  const std::string first = field_of(co_await folder.get("/docs/a.html"), "ETag");
  EXPECT_TRUE(first.starts_with('"') && first.ends_with('"') && first.size() > 4) << first;
  EXPECT_EQ(field_of(co_await folder.get("/docs/a.html"), "ETag"), first);
  const std::string again = co_await folder.get("/docs/a.html", fmt::format("If-None-Match: {}\r\n", first));
  EXPECT_EQ(statuses(again), "304");
  EXPECT_EQ(field_of(again, "ETag"), first);
  EXPECT_EQ(body_of(again), "");
  write_file(folder.path("docs/a.html"), "<p>b");
  const std::string changed = co_await folder.get("/docs/a.html", fmt::format("If-None-Match: {}\r\n", first));
  EXPECT_EQ(statuses(changed), "200");
  EXPECT_NE(field_of(changed, "ETag"), first);
  co_await folder.stop();
}

HOCKET_TEST(static_files, a_condition_that_is_not_met_is_412) {
  served_folder folder;
  const std::string tag = field_of(co_await folder.get("/docs/a.html"), "ETag");
  EXPECT_EQ(statuses(co_await folder.get("/docs/a.html", fmt::format("If-Match: {}\r\n", tag))), "200");
  EXPECT_EQ(statuses(co_await folder.get("/docs/a.html", "If-Match: \"other\"\r\n")), "412");
  EXPECT_EQ(statuses(co_await folder.get("/docs/a.html", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n")),
            "412");
  co_await folder.stop();
}

HOCKET_TEST(static_files, sends_the_range_that_is_asked_for) {
  served_folder folder;
  write_file(folder.path("digits"), "0123456789");
  for (const auto& [range, body, said] :
       {std::array{"0-0", "0", "0-0"}, std::array{"3-5", "345", "3-5"}, std::array{"7-", "789", "7-9"},
        std::array{"-2", "89", "8-9"}, std::array{"8-100", "89", "8-9"}}) {
    const std::string answer = co_await folder.get("/digits", fmt::format("Range: bytes={}\r\n", range));
    EXPECT_EQ(statuses(answer), "206") << range;
    EXPECT_EQ(body_of(answer), body) << range;
    EXPECT_EQ(field_of(answer, "Content-Range"), fmt::format("bytes {}/10", said));
  }
  for (const char* ignored : {"bytes=5-3", "bytes=a-b", "lines=1-2", "bytes="})
    EXPECT_EQ(body_of(co_await folder.get("/digits", fmt::format("Range: {}\r\n", ignored))), "0123456789") << ignored;
  const std::string beyond = co_await folder.get("/digits", "Range: bytes=10-\r\n");
  EXPECT_EQ(statuses(beyond), "416");
  EXPECT_EQ(field_of(beyond, "Content-Range"), "bytes */10");
  EXPECT_EQ(field_of(co_await folder.get("/digits", "Range: bytes=0-1\r\n", "HEAD"), "Content-Length"), "10");
  co_await folder.stop();
}

HOCKET_TEST(static_files, sends_several_ranges_as_parts) {
  served_folder folder;
  std::string content;
  for (int n = 0; n < 1000; ++n) content += fmt::format("{:04}", n);
  write_file(folder.path("numbers"), content);
  const std::string answer = co_await folder.get("/numbers", "Range: bytes=0-3,1000-1003,-4\r\n");
  EXPECT_EQ(statuses(answer), "206");
  const std::string type = field_of(answer, "Content-Type");
  EXPECT_TRUE(type.starts_with("multipart/byteranges; boundary=")) << type;
  const std::string boundary = type.substr(type.find('=') + 1);
  std::string expected;
  for (const auto& [range, text] :
       {std::pair{"0-3", "0000"}, std::pair{"1000-1003", "0250"}, std::pair{"3996-3999", "0999"}})
    expected +=
        fmt::format("\r\n--{}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes {}/4000\r\n\r\n{}",
                    boundary, range, text);
  expected += fmt::format("\r\n--{}--\r\n", boundary);
  EXPECT_EQ(body_of(answer), expected);
  EXPECT_EQ(field_of(answer, "Content-Length"), std::to_string(expected.size()));
  co_await folder.stop();
}

HOCKET_TEST(static_files, a_flood_of_ranges_brings_no_more_than_the_file) {
  served_folder folder;
  write_file(folder.path("digits"), std::string(1000, '0'));
  std::string many = "Range: bytes=0-0";
  while (many.size() < 8000) many += ",0-";
  EXPECT_EQ(body_of(co_await folder.get("/digits", many + "\r\n")).size(), 1000U);
  std::string overlapping = "Range: bytes=0-";
  for (int n = 1; n < 100; ++n) overlapping += fmt::format(",{}-", n);
  const std::string answer = co_await folder.get("/digits", overlapping + "\r\n");
  EXPECT_EQ(statuses(answer), "206");
  EXPECT_EQ(body_of(answer).size(), 1000U);
  co_await folder.stop();
}

HOCKET_TEST(static_files, a_range_of_what_has_changed_is_the_whole) {
  served_folder folder;
  write_file(folder.path("digits"), "0123456789");
  const std::string tag = field_of(co_await folder.get("/digits"), "ETag");
  EXPECT_EQ(body_of(co_await folder.get("/digits", fmt::format("Range: bytes=2-3\r\nIf-Range: {}\r\n", tag))), "23");
  EXPECT_EQ(body_of(co_await folder.get("/digits", "Range: bytes=2-3\r\nIf-Range: \"old\"\r\n")), "0123456789");
  co_await folder.stop();
}

HOCKET_TEST(static_files, a_range_by_a_date_is_the_whole_as_the_file_may_have_changed_within_the_second) {
  served_folder folder;
  const auto write_at = [&](std::string_view content, std::chrono::milliseconds when) {
    write_file(folder.path("digits"), content);
    std::filesystem::last_write_time(folder.path("digits"),
                                     std::chrono::file_clock::from_sys(std::chrono::sys_time(when)));
  };
  write_at("0123456789", 1'000'000'000'100ms);
  const std::string date = field_of(co_await folder.get("/digits"), "Last-Modified");
  write_at("abcdefghij", 1'000'000'000'900ms);
  EXPECT_EQ(field_of(co_await folder.get("/digits"), "Last-Modified"), date);
  EXPECT_EQ(body_of(co_await folder.get("/digits", fmt::format("Range: bytes=2-3\r\nIf-Range: {}\r\n", date))),
            "abcdefghij");
  co_await folder.stop();
}

HOCKET_TEST(static_files, two_range_fields_are_ignored) {
  served_folder folder;
  write_file(folder.path("digits"), "0123456789");
  EXPECT_EQ(body_of(co_await folder.get("/digits", "Range: bytes=2-3\r\nRange: bytes=2-3\r\n")), "0123456789");
  co_await folder.stop();
}

// ---- options

HOCKET_TEST(static_files, hides_names_that_begin_with_a_dot_unless_told_not_to) {
  for (const bool hidden : {false, true}) {
    served_folder folder;
    folder.options.list_directories = true;
    folder.options.hidden = hidden;
    for (const char* name : {".git", ".well-known", ".well-known/.old"})
      std::filesystem::create_directory(folder.path(name));
    for (const char* name : {".env", ".git/config", ".well-known/security.txt", ".well-known/.old/x"})
      write_file(folder.path(name), "there");
    for (const char* target : {"/.env", "/%2eenv", "/.git/config", "/.git/", "/.git", "/.well-known/.old/x"})
      EXPECT_EQ((co_await folder.get(target)).starts_with("HTTP/1.1 404"), !hidden) << target;
    EXPECT_EQ(body_of(co_await folder.get("/.well-known/security.txt")), "there");
    const std::string page = co_await folder.get("/");
    EXPECT_EQ(page.contains(".env") || page.contains(".git"), hidden) << page;
    EXPECT_TRUE(page.contains(".well-known/")) << page;
    co_await folder.stop();
  }
}

HOCKET_TEST(static_files, sends_what_was_compressed_before_to_who_takes_it) {
  served_folder folder;
  folder.options.precompressed = true;
  write_file(folder.path("a.css"), "plain");
  write_file(folder.path("a.css.gz"), "gzipped");
  write_file(folder.path("a.css.br"), "brotli");
  const auto ask = [&](std::string accepted) -> coro<std::string> {
    const std::string answer = co_await folder.get("/a.css", accepted);
    EXPECT_EQ(field_of(answer, "Content-Type"), "text/css; charset=utf-8");
    EXPECT_EQ(field_of(answer, "Vary"), "Accept-Encoding");
    co_return fmt::format("{} {}", field_of(answer, "Content-Encoding"), body_of(answer));
  };
  EXPECT_EQ(co_await ask(""), " plain");
  EXPECT_EQ(co_await ask("Accept-Encoding: gzip\r\n"), "gzip gzipped");
  EXPECT_EQ(co_await ask("Accept-Encoding: gzip, br\r\n"), "br brotli");
  EXPECT_EQ(co_await ask("Accept-Encoding: zstd\r\n"), " plain");
  EXPECT_EQ(co_await ask("Accept-Encoding: br;q=0, gzip;q=0.1\r\n"), "gzip gzipped");
  co_await folder.stop();
}

HOCKET_TEST(static_files, takes_only_files_for_what_was_compressed_before) {
  served_folder folder;
  folder.options.precompressed = true;
  write_file(folder.path("a.css"), "plain");
  std::filesystem::create_directory(folder.path("a.css.gz"));
  EXPECT_EQ(::mkfifo(folder.path("a.css.br").c_str(), 0666), 0);
  const std::string answer = co_await folder.get("/a.css", "Accept-Encoding: gzip, br\r\n");
  EXPECT_EQ(statuses(answer), "200");
  EXPECT_EQ(field_of(answer, "Content-Encoding"), "");
  EXPECT_EQ(body_of(answer), "plain");
  co_await folder.stop();
}

HOCKET_TEST(static_files, lists_no_directory_unless_told) {
  served_folder folder;
  folder.options = {.cache_control = "max-age=60"};
  EXPECT_EQ(statuses(co_await folder.get("/docs/")), "404");
  EXPECT_EQ(field_of(co_await folder.get("/docs/a.html"), "Cache-Control"), "max-age=60");
  co_await folder.stop();
}

HOCKET_TEST(static_files, serves_below_a_route) {
  const temporary_directory folder;
  std::filesystem::create_directories(folder.path() + "/d");
  write_file(folder.path() + "/d/a b.txt", "text");
  hocket::http::router routes;
  routes.get("/static/{path:path}", static_files::below(folder.path()));
  running_server server(std::move(routes));
  const auto get = [&](const char* path) -> coro<std::string> {
    co_return co_await answer_to(server.address(), fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path));
  };
  EXPECT_EQ(body_of(co_await get("/static/d/a%20b.txt")), "text");
  EXPECT_EQ(field_of(co_await get("/static/d"), "Location"), "./d/");
  for (const char* path :
       {"/static/../secret", "/static/%2e%2e/secret", "/static/d%2F..%2F..%2Fsecret", "/static/d/a%20b.txt/"})
    EXPECT_NE(statuses(co_await get(path)), "200") << path;
  co_await server.stop();
}

}  // namespace
