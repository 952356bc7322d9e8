// Files that curl fetches from our HTTP server: parts of them, the rest of them, and only what is new.

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <http/running_server.hpp>
#include <io/temporary_directory.hpp>
#include <peers/curl.hpp>
#include <peers/pattern.hpp>
#include <peers/peer_test.hpp>

#include <hocket/http/server/router.hpp>
#include <hocket/http/server/static_files.hpp>

using hocket::coro;
namespace http = hocket::http;
using hocket::testing::content_of;
using hocket::testing::curl;
using hocket::testing::pattern;
using hocket::testing::running_server;
using hocket::testing::temporary_directory;
using hocket::testing::write_file;

namespace {

constexpr std::size_t size = 2'000'000;

/// A folder with a file in it, and a server of it.
struct served_folder {
  served_folder() { write_file(folder / "file.bin", content); }
  [[nodiscard]] std::string url() const { return server.url("/file.bin"); }

  std::string content = pattern(size);
  temporary_directory folder;
  temporary_directory elsewhere;
  running_server server{http::static_files::below(folder.path())};
};

HOCKET_PEER_TEST(curl_files, come_in_parts) {
  HOCKET_NEEDS("curl");
  served_folder at;
  const std::string_view whole = at.content;
  const auto part = [&](const char* range) -> coro<std::string> {
    const auto told = co_await curl({"-f", "-r", range, at.url()});
    EXPECT_EQ(told.status, 0) << told.err;
    co_return told.out;
  };
  EXPECT_TRUE(co_await part("0-0") == whole.substr(0, 1));
  EXPECT_TRUE(co_await part("10-99999") == whole.substr(10, 99'990));
  EXPECT_TRUE(co_await part("1999000-") == whole.substr(1'999'000));
  EXPECT_TRUE(co_await part("-500") == whole.substr(size - 500));
  EXPECT_TRUE(co_await part("5-9999999") == whole.substr(5));

  const auto several = co_await curl({"-i", "-r", "0-9,1000000-1000099", at.url()});
  EXPECT_TRUE(several.out.starts_with("HTTP/1.1 206 ")) << several.out.substr(0, 100);
  EXPECT_TRUE(several.out.contains("\r\nContent-Type: multipart/byteranges; boundary="));
  EXPECT_TRUE(
      several.out.contains(fmt::format("\r\nContent-Range: bytes 0-9/{}\r\n\r\n{}\r\n", size, whole.substr(0, 10))));
  EXPECT_TRUE(several.out.contains(
      fmt::format("\r\nContent-Range: bytes 1000000-1000099/{}\r\n\r\n{}\r\n", size, whole.substr(1'000'000, 100))));

  const auto beyond = co_await curl({"-f", "-r", "2000000-", at.url()});
  EXPECT_EQ(beyond.status, 22) << beyond.err;
  EXPECT_TRUE(beyond.err.contains("416")) << beyond.err;
  co_await at.server.stop();
}

HOCKET_PEER_TEST(curl_files, are_fetched_to_their_end_where_a_download_broke_off) {
  HOCKET_NEEDS("curl");
  served_folder at;
  const std::string copy = at.elsewhere / "copy";
  write_file(copy, at.content.substr(0, 1'234'567));
  const auto rest = co_await curl({"-f", "-C", "-", "-o", copy, "-w", "%{http_code} %{size_download}", at.url()});
  EXPECT_EQ(rest.out, fmt::format("206 {}", size - 1'234'567)) << rest.err;
  EXPECT_TRUE(content_of(copy) == at.content);
  co_await at.server.stop();
}

HOCKET_PEER_TEST(curl_files, come_only_if_they_are_new) {
  HOCKET_NEEDS("curl");
  served_folder at;
  const std::string tag = at.elsewhere / "tag";
  const std::string copy = at.elsewhere / "copy";
  const auto ask = [&](std::vector<std::string> arguments) -> coro<std::string> {
    arguments.insert(arguments.end(), {"-o", copy, "-w", "%{http_code} %{size_download}", at.url()});
    const auto told = co_await curl(std::move(arguments));
    EXPECT_EQ(told.status, 0) << told.err;
    co_return told.out;
  };
  EXPECT_EQ(co_await ask({"--etag-save", tag, "-R"}), fmt::format("200 {}", size));
  EXPECT_TRUE(content_of(tag).starts_with('"')) << content_of(tag);
  EXPECT_EQ(co_await ask({"--etag-compare", tag}), "304 0");
  EXPECT_EQ(co_await ask({"-z", copy}), "304 0");  // of the time that the server told
  EXPECT_EQ(co_await ask({"-z", "1 Jan 2000"}), fmt::format("200 {}", size));
  EXPECT_EQ(co_await ask({"-H", "If-Match: \"another\""}), "412 " + fmt::to_string(content_of(copy).size()));
  write_file(at.folder / "file.bin", "changed");
  EXPECT_EQ(co_await ask({"--etag-compare", tag}), "200 7");
  EXPECT_EQ(content_of(copy), "changed");
  co_await at.server.stop();
}

HOCKET_PEER_TEST(curl_files, of_which_only_the_head_is_wanted) {
  HOCKET_NEEDS("curl");
  served_folder at;
  const auto told = co_await curl({"-I", at.url(), "--next", "--silent", "--noproxy", "*", "-w", "%{num_connects}",
                                   "-o", at.elsewhere / "copy", at.url()});
  EXPECT_TRUE(told.out.starts_with("HTTP/1.1 200 OK\r\n")) << told.out;
  EXPECT_TRUE(told.out.contains(fmt::format("\r\nContent-Length: {}\r\n", size))) << told.out;
  EXPECT_TRUE(told.out.ends_with("\r\n\r\n0")) << told.out;
  EXPECT_TRUE(content_of(at.elsewhere / "copy") == at.content);
  co_await at.server.stop();
}

HOCKET_PEER_TEST(curl_files, come_slowly_to_who_is_slow_and_all_at_a_time_to_who_asks_for_many) {
  HOCKET_NEEDS("curl");
  served_folder at;
  const auto slow = co_await curl({"--limit-rate", "4M", at.url()});
  EXPECT_TRUE(slow.out == at.content) << slow.err;
  std::vector<std::string> arguments{"--parallel", "--parallel-immediate", "--parallel-max", "20", "-f"};
  for (int n = 0; n < 20; ++n) arguments.insert(arguments.end(), {"-o", at.elsewhere / fmt::to_string(n), at.url()});
  const auto many = co_await curl(std::move(arguments));
  EXPECT_EQ(many.status, 0) << many.err;
  for (int n = 0; n < 20; ++n) EXPECT_TRUE(content_of(at.elsewhere / fmt::to_string(n)) == at.content) << n;
  co_await at.server.stop();
}

HOCKET_PEER_TEST(curl_files, come_by_http_1_0_and_end_with_the_connection) {
  HOCKET_NEEDS("curl");
  served_folder at;
  const auto old = co_await curl({"--http1.0", "-w", "%{num_connects}", at.url(), at.url()});
  EXPECT_EQ(old.status, 0) << old.err;
  EXPECT_TRUE(old.out == at.content + "1" + at.content + "1");
  co_await at.server.stop();
}

HOCKET_PEER_TEST(curl_files, lie_in_their_folder_only) {
  HOCKET_NEEDS("curl");
  served_folder at;
  write_file(at.elsewhere / "secret", "secret");
  for (const char* path : {"/../secret", "/%2e%2e/secret", "/..%2fsecret", "//etc/passwd", "/../../../../etc/passwd"}) {
    const auto told = co_await curl({"--path-as-is", "-o", "/dev/null", "-w", "%{http_code}", at.server.url(path)});
    EXPECT_TRUE(told.out == "404" || told.out == "400") << path << told.out;
  }
  co_await at.server.stop();
}

}  // namespace
