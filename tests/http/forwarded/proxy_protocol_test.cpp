#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <hocket/http/forwarded/proxy_protocol.hpp>

namespace {

using hocket::socket_address;
using hocket::http::parse_proxy_header;
using hocket::http::proxy_header;
using hocket::http::proxy_header_error;
using hocket::http::proxy_header_options;
using enum hocket::http::proxy_header_error;

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);

/// A header of version 2.
std::string binary(int version_and_command, int family, const std::string& rest) {
  std::string bytes = signature;
  for (const std::size_t byte : {static_cast<std::size_t>(version_and_command), static_cast<std::size_t>(family),
                                 rest.size() / 256, rest.size() % 256})
    bytes += static_cast<char>(byte);
  return bytes + rest;
}

const std::string v4_addresses("\xc0\x00\x02\x01\xc6\x33\x64\x01\x30\x39\x01\xbb", 12);

/// `source destination size`, after checking that nothing less is enough.
std::string read(const std::string& bytes, const proxy_header_options& options = {}) {
  const auto result = parse_proxy_header(bytes + "GET /", options);
  if (!result)
    return result.error() == malformed ? "malformed" : result.error() == too_large ? "too large" : "checksum";
  if (!*result) return "more";
  const proxy_header& header = **result;
  for (std::size_t size = 0; size < header.size_bytes; ++size) {
    const auto part = parse_proxy_header(std::string_view(bytes).substr(0, size), options);
    EXPECT_TRUE(part && !*part) << size;
  }
  const auto word = [](const std::optional<socket_address>& address) {
    return address ? address->to_string() : "none";
  };
  return word(header.source) + " " + word(header.destination) + " " + std::to_string(header.size_bytes);
}

TEST(proxy_protocol, of_version_1_is_a_line) {
  EXPECT_EQ(read("PROXY TCP4 192.0.2.1 198.51.100.1 12345 443\r\n"), "192.0.2.1:12345 198.51.100.1:443 45");
  EXPECT_EQ(read("PROXY TCP6 2001:db8::1 ::1 0 65535\r\n"), "[2001:db8::1]:0 [::1]:65535 36");
  EXPECT_EQ(read("PROXY UNKNOWN\r\n"), "none none 15");
  EXPECT_EQ(read("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"), "none none 59");
}

TEST(proxy_protocol, of_version_1_that_is_malformed_is_refused) {
  for (const std::string line :
       {"PROXY TCP4 192.0.2.1 198.51.100.1 12345\r\n", "PROXY TCP4 192.0.2.1 198.51.100.1 12345 443 \r\n",
        "PROXY TCP4  192.0.2.1 198.51.100.1 1 2\r\n", "PROXY TCP4 192.0.2.1 198.51.100.1 012 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n", "PROXY TCP4 192.0.2.1 198.51.100.1 -1 443\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 1.1.1.1 1.1.1.1 1 2\r\n", "PROXY TCP6 [::1] [::1] 1 2\r\n",
        "PROXY TCP6 fe80::1%lo ::1 1 2\r\n", "PROXY UDP4 1.1.1.1 1.1.1.1 1 2\r\n", "PROXY tcp4 1.1.1.1 1.1.1.1 1 2\r\n",
        "PROXY TCP4 a b 1 2\r\n", "PROXY \r\n", "PROXY TCP4 1.1.1.1 1.1.1.1 1 2\n\r\n"}) {
    EXPECT_EQ(read(line), "malformed") << line;
  }
}

TEST(proxy_protocol, of_version_1_has_a_limit) {
  EXPECT_EQ(read("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n"), "none none 107");
  EXPECT_EQ(read("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n"), "too large");
  EXPECT_EQ(read("PROXY UNKNOWN " + std::string(900, 'x')), "too large");
}

TEST(proxy_protocol, of_version_2_is_bytes) {
  EXPECT_EQ(read(binary(0x21, 0x11, v4_addresses)), "192.0.2.1:12345 198.51.100.1:443 28");
  const std::string v6 = std::string("\x20\x01\x0d\xb8", 4) + std::string(11, '\0') + "\x01" + std::string(15, '\0') +
                         "\x02" + std::string("\x30\x39\x01\xbb", 4);
  EXPECT_EQ(read(binary(0x21, 0x21, v6)), "[2001:db8::1]:12345 [::2]:443 52");
  const std::string paths = "/run/a" + std::string(102, '\0') + "/run/b" + std::string(102, '\0');
  EXPECT_EQ(read(binary(0x21, 0x31, paths)), "/run/a /run/b 232");
}

TEST(proxy_protocol, of_version_2_may_say_nothing_of_the_client) {
  EXPECT_EQ(read(binary(0x20, 0x11, v4_addresses)), "none none 28");
  EXPECT_EQ(read(binary(0x20, 0x00, "")), "none none 16");
  EXPECT_EQ(read(binary(0x21, 0x00, "whatever")), "none none 24");
}

TEST(proxy_protocol, of_version_2_may_have_extensions) {
  const auto result = parse_proxy_header(
      binary(0x21, 0x11, v4_addresses + std::string("\x01\x00\x02h2\x04\x00\x03xyz\x02\x00\x00", 14)));
  ASSERT_TRUE(result && *result);
  EXPECT_EQ((*result)->extensions, (std::vector<proxy_header::extension>{{0x01, "h2"}, {0x02, ""}}));
}

TEST(proxy_protocol, of_version_2_that_is_malformed_is_refused) {
  EXPECT_EQ(read(binary(0x11, 0x11, v4_addresses)), "malformed");
  EXPECT_EQ(read(binary(0x22, 0x11, v4_addresses)), "malformed");
  EXPECT_EQ(read(binary(0x21, 0x41, v4_addresses)), "malformed");
  EXPECT_EQ(read(binary(0x21, 0x13, v4_addresses)), "malformed");
  EXPECT_EQ(read(binary(0x21, 0x11, v4_addresses.substr(0, 11))), "malformed");
  EXPECT_EQ(read(binary(0x21, 0x21, v4_addresses)), "malformed");
  EXPECT_EQ(read(binary(0x21, 0x11, v4_addresses + std::string("\x01\x00", 2))), "malformed");
  EXPECT_EQ(read(binary(0x21, 0x11, v4_addresses + std::string("\x01\x00\x02h", 4))), "malformed");
  EXPECT_EQ(read(binary(0x21, 0x11, v4_addresses + std::string("\x03\x00\x01x", 4))), "malformed");
  EXPECT_EQ(read(binary(0x21, 0x31, std::string(216, 'x'))), "malformed");
}

TEST(proxy_protocol, of_version_2_has_a_limit) {
  const std::string padding = std::string("\x04\x03\xe8", 3) + std::string(1000, 'x');
  EXPECT_EQ(read(binary(0x21, 0x11, v4_addresses + padding), {.most_bytes = 1031}),
            "192.0.2.1:12345 198.51.100.1:443 1031");
  EXPECT_EQ(read(binary(0x21, 0x11, v4_addresses + padding), {.most_bytes = 1030}), "too large");
}

TEST(proxy_protocol, of_version_2_is_held_to_its_checksum) {
  // CRC-32C of the header with zeros in its place, computed by a table-driven implementation in Python.
  const std::string right =
      binary(0x21, 0x11, v4_addresses + std::string("\x03\x00\x04", 3) + std::string("\x9b\x5e\xa8\xe7", 4));
  EXPECT_EQ(read(right), "192.0.2.1:12345 198.51.100.1:443 35");
  for (const std::size_t at : {std::size_t{16}, std::size_t{27}, right.size() - 1}) {
    std::string changed = right;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_EQ(read(changed), "checksum");
  }
}

TEST(proxy_protocol, is_told_from_anything_else_at_once) {
  for (const std::string bytes : {"G", "GET / HTTP/1.1\r\n", "PROXy", "PROXYTCP4", "\r\n\r\n\r", "\x16\x03\x01"})
    EXPECT_EQ(parse_proxy_header(bytes), std::unexpected(malformed)) << bytes;
}

TEST(proxy_protocol, takes_only_the_versions_that_it_may) {
  EXPECT_EQ(parse_proxy_header("P", {.version_1 = false}), std::unexpected(malformed));
  EXPECT_EQ(parse_proxy_header("\r", {.version_2 = false}), std::unexpected(malformed));
  EXPECT_EQ(read("PROXY UNKNOWN\r\n", {.version_2 = false}), "none none 15");
  EXPECT_EQ(read(binary(0x20, 0x00, ""), {.version_1 = false}), "none none 16");
}

}  // namespace
