#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <http/coding/content_codings.hpp>

#include <hocket/http/coding/content_encoder.hpp>

namespace {

using hocket::http::content_coding;
using hocket::http::content_decoder;
using hocket::http::content_encoder;
using hocket::http::encoding_end;
using hocket::testing::decoded;
using hocket::testing::encoded;
using hocket::testing::sample_content;
using enum hocket::http::content_coding;

constexpr content_coding encoders[] = {gzip, br, zstd};

TEST(content_encoder, makes_contents_smaller) {
  const std::string content = sample_content(100'000);
  for (const content_coding coding : encoders) {
    const std::string bytes = encoded(coding, content);
    EXPECT_LT(bytes.size(), content.size() / 3);
    EXPECT_EQ(decoded(coding, bytes), content);
  }
}

TEST(content_encoder, flushes_what_can_be_read_at_once) {
  for (const content_coding coding : encoders) {
    for (const std::size_t room : {content_encoder::least_output, std::size_t{4096}}) {
      content_encoder encoder(coding);
      content_decoder decoder(coding);
      std::vector<char> into(4096);
      for (const std::string event : {"data: 1\n\n", "data: 2\n\n", "", "data: three\n\n"}) {
        const std::string bytes = encoded(encoder, event, encoding_end::flush, room);
        std::string seen;
        std::string_view input = bytes;
        while (true) {
          const auto [consumed, produced] = decoder.decode(input, into);
          input.remove_prefix(consumed);
          if (produced == 0) break;
          seen.append(into.data(), produced);
        }
        EXPECT_EQ(seen, event) << to_string(coding);
      }
      EXPECT_EQ(decoded(decoder, encoded(encoder, "", encoding_end::content, room)), "");
    }
  }
}

TEST(content_encoder, flushes_more_than_fits_at_once) {
  const std::string content = sample_content(200'000);
  for (const content_coding coding : encoders) {
    content_encoder encoder(coding);
    std::string bytes = encoded(encoder, content, encoding_end::flush, content_encoder::least_output);
    bytes += encoded(encoder, content, encoding_end::none, content_encoder::least_output);
    bytes += encoded(encoder, "end", encoding_end::content, content_encoder::least_output);
    EXPECT_EQ(decoded(coding, bytes), content + content + "end");
  }
}

TEST(content_encoder, has_the_levels_of_its_coding) {
  const std::string content = sample_content(20'000);
  for (const content_coding coding : encoders) {
    const int most = coding == gzip ? 9 : coding == br ? 11 : 19;
    std::vector<std::size_t> sizes;
    for (const int level : {1, most}) {
      content_encoder encoder(coding, {.level = level});
      const std::string bytes = encoded(encoder, content, encoding_end::content);
      EXPECT_EQ(decoded(coding, bytes), content);
      sizes.push_back(bytes.size());
    }
    EXPECT_LT(sizes[1], sizes[0]);
    EXPECT_THROW(content_encoder(coding, {.level = most + 1}), hocket::error);
    EXPECT_THROW(content_encoder(coding, {.level = -1}), hocket::error);
  }
}

TEST(content_encoder, is_there_for_codings_that_all_read_alike) {
  EXPECT_THROW(content_encoder{identity}, hocket::error);
  EXPECT_THROW(content_encoder{deflate}, hocket::error);
}

TEST(content_encoder, takes_nothing_after_the_end) {
  for (const content_coding coding : encoders) {
    content_encoder encoder(coding);
    static_cast<void>(encoded(encoder, "text", encoding_end::content));
    EXPECT_THROW(static_cast<void>(encoded(encoder, "more", encoding_end::none)), hocket::invalid_state_error);
  }
}

TEST(content_encoder, needs_memory_to_encode_into) {
  content_encoder encoder(gzip);
  std::vector<char> room(content_encoder::least_output - 1);
  EXPECT_THROW(encoder.encode("x", room), hocket::error);
}

}  // namespace
