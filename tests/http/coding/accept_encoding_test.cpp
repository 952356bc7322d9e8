#include <optional>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/http/coding/accept_encoding.hpp>

namespace {

using hocket::http::content_coding;
using hocket::http::content_encoding_error;
using hocket::http::negotiate_coding;
using hocket::http::parse_content_encoding;
using enum hocket::http::content_coding;

std::optional<content_coding> chosen(std::optional<std::string_view> field) {
  static constexpr content_coding offered[] = {zstd, br, gzip};
  return negotiate_coding(field, offered);
}

TEST(accept_encoding, that_is_missing_or_empty_gets_no_coding) {
  EXPECT_EQ(chosen(std::nullopt), identity);
  EXPECT_EQ(chosen(""), identity);
}

TEST(accept_encoding, gets_what_the_server_likes_best_of_equals) {
  EXPECT_EQ(chosen("gzip, deflate, br, zstd"), zstd);
  EXPECT_EQ(chosen("gzip, deflate, br"), br);
  EXPECT_EQ(chosen("*"), zstd);
  EXPECT_EQ(chosen("X-GZIP"), gzip);
}

TEST(accept_encoding, gets_what_the_client_likes_best) {
  EXPECT_EQ(chosen("gzip;q=1.0, br;q=0.9, zstd;q=0.899"), gzip);
  EXPECT_EQ(chosen("gzip ; q=0.001 , br ;\tQ=0.002"), br);
  EXPECT_EQ(chosen("gzip, *;q=0.5"), gzip);
}

TEST(accept_encoding, never_gets_what_is_excluded) {
  EXPECT_EQ(chosen("gzip;q=0"), identity);
  EXPECT_EQ(chosen("*, zstd;q=0"), br);
  EXPECT_EQ(chosen("compress, deflate"), identity);
}

TEST(accept_encoding, may_like_identity_better) {
  EXPECT_EQ(chosen("identity, gzip;q=0.5"), identity);
  EXPECT_EQ(chosen("identity;q=0.5, gzip;q=0.5"), gzip);
  EXPECT_EQ(chosen("identity;q=0.4, gzip;q=0.5"), gzip);
}

TEST(accept_encoding, may_accept_nothing) {
  EXPECT_EQ(chosen("identity;q=0"), std::nullopt);
  EXPECT_EQ(chosen("*;q=0"), std::nullopt);
  EXPECT_EQ(chosen("compress, *;q=0"), std::nullopt);
  EXPECT_EQ(chosen("identity;q=0.1, *;q=0"), identity);
  EXPECT_EQ(chosen("gzip, identity;q=0"), gzip);
}

TEST(accept_encoding, that_is_malformed_gets_no_coding) {
  for (const std::string_view field :
       {"gzip;q", "gzip;q=", "gzip;q=2", "gzip;q=1.001", "gzip;q=0.1234", "gzip;q=-1", "gzip;level=1", "gz ip",
        "\"gzip\"", "gzip;q=0.5 x", "gzip;;q=1", ";q=1", "gzip;q=0,5"}) {
    EXPECT_EQ(chosen(field), identity) << field;
  }
}

TEST(accept_encoding, is_written_in_order) {
  static constexpr content_coding codings[] = {br, gzip};
  EXPECT_EQ(hocket::http::format_accept_encoding(codings), "br, gzip");
}

TEST(content_encoding, is_a_list_in_the_order_of_application) {
  EXPECT_EQ(parse_content_encoding("gzip"), std::vector{gzip});
  EXPECT_EQ(parse_content_encoding(" Deflate ,\tBR"), (std::vector{deflate, br}));
  EXPECT_EQ(parse_content_encoding("identity, x-gzip,, identity"), std::vector{gzip});
  EXPECT_EQ(parse_content_encoding(""), std::vector<content_coding>{});
}

TEST(content_encoding, that_cannot_be_undone_says_why) {
  using enum content_encoding_error;
  EXPECT_EQ(parse_content_encoding("compress"), std::unexpected(unknown));
  EXPECT_EQ(parse_content_encoding("gzip, none"), std::unexpected(unknown));
  EXPECT_EQ(parse_content_encoding("gzip, gzip, gzip"), std::unexpected(too_many));
  for (const std::string_view field : {"gzip br", "gzip;q=1", "\"gzip\"", "gz\x01ip"})
    EXPECT_EQ(parse_content_encoding(field), std::unexpected(malformed)) << field;
}

}  // namespace
