// Content codings against the tools that made them known: each side reads what the other writes.

#include <string>
#include <vector>

#include <http/coding/content_codings.hpp>
#include <peers/peer_test.hpp>

using hocket::http::content_coding;
using hocket::testing::decoded;
using hocket::testing::encoded;
using hocket::testing::run_peer;
using hocket::testing::sample_content;

namespace {

std::string content() { return sample_content(300'000) + std::string("\0\r\n\xff", 4); }

HOCKET_PEER_TEST(content_codings, of_gzip_are_those_of_the_tool) {
  HOCKET_NEEDS("gzip");
  const std::string text = content();
  const auto written = co_await run_peer({"gzip", "-c"}, text);
  EXPECT_TRUE(decoded(content_coding::gzip, written.out) == text);
  const auto read = co_await run_peer({"gzip", "-dc"}, encoded(content_coding::gzip, text));
  EXPECT_EQ(read.status, 0) << read.err;
  EXPECT_TRUE(read.out == text);
}

HOCKET_PEER_TEST(content_codings, of_brotli_are_those_of_the_tool) {
  HOCKET_NEEDS("brotli");
  const std::string text = content();
  const auto written = co_await run_peer({"brotli", "-c"}, text);
  EXPECT_TRUE(decoded(content_coding::br, written.out) == text);
  const auto read = co_await run_peer({"brotli", "-dc"}, encoded(content_coding::br, text));
  EXPECT_EQ(read.status, 0) << read.err;
  EXPECT_TRUE(read.out == text);
}

HOCKET_PEER_TEST(content_codings, of_zstd_are_those_of_the_tool) {
  HOCKET_NEEDS("zstd");
  const std::string text = content();
  const auto written = co_await run_peer({"zstd", "-c", "-q"}, text);
  EXPECT_TRUE(decoded(content_coding::zstd, written.out) == text);
  const auto read = co_await run_peer({"zstd", "-dc", "-q"}, encoded(content_coding::zstd, text));
  EXPECT_EQ(read.status, 0) << read.err;
  EXPECT_TRUE(read.out == text);
}

HOCKET_PEER_TEST(content_codings, of_deflate_are_those_of_python) {
  HOCKET_NEEDS("python3");
  const std::string program =
      "import sys, zlib\n"
      "c = zlib.compressobj(9, zlib.DEFLATED, int(sys.argv[1]))\n"
      "text = sys.stdin.buffer.read()\n"
      "sys.stdout.buffer.write(c.compress(text) + c.flush())\n";
  const std::string text = content();
  for (const std::string window_bits : {"15", "-15"}) {
    const std::vector<std::string> command{HOCKET_PYTHON, "-c", program, window_bits};
    const auto written = co_await run_peer(command, text);
    EXPECT_EQ(written.status, 0) << written.err;
    EXPECT_TRUE(decoded(content_coding::deflate, written.out) == text);
  }
}

}  // namespace
