#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <http/coding/content_codings.hpp>
#include <zlib.h>

#include <hocket/http/coding/content_decoder.hpp>

namespace {

using hocket::http::content_bomb_error;
using hocket::http::content_coding;
using hocket::http::content_decoder;
using hocket::http::content_decoder_limits;
using hocket::http::content_decoding_error;
using hocket::testing::decoded;
using hocket::testing::encoded;
using hocket::testing::sample_content;
using enum hocket::http::content_coding;

/// By zlib itself: `window_bits` chooses between zlib's header and none.
std::string deflated(std::string_view content, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(content.size() + 1024, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

struct encoded_sample {
  content_coding coding;
  std::string name;
  std::string bytes;
};

std::vector<encoded_sample> samples_of(const std::string& content) {
  return {{gzip, "gzip", encoded(gzip, content)},
          {deflate, "deflate", deflated(content, 15)},
          {deflate, "bare deflate", deflated(content, -15)},
          {br, "br", encoded(br, content)},
          {zstd, "zstd", encoded(zstd, content)}};
}

TEST(content_decoder, gives_back_what_was_encoded) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1000}, std::size_t{300'000}}) {
    const std::string content = sample_content(size);
    for (const auto& sample : samples_of(content))
      EXPECT_EQ(decoded(sample.coding, sample.bytes), content) << sample.name;
  }
}

TEST(content_decoder, cares_not_how_the_bytes_are_cut) {
  const std::string content = sample_content(3000);
  for (const auto& sample : samples_of(content)) {
    EXPECT_EQ(decoded(sample.coding, sample.bytes, 1, 1), content) << sample.name;
    EXPECT_EQ(decoded(sample.coding, sample.bytes, 1, 4096), content) << sample.name;
    EXPECT_EQ(decoded(sample.coding, sample.bytes, 1 << 20, 1), content) << sample.name;
    for (std::size_t cut = 1; cut < sample.bytes.size(); ++cut) {
      ASSERT_EQ(decoded(sample.coding, sample.bytes, cut, 777), content) << sample.name << " cut at " << cut;
    }
  }
}

TEST(content_decoder, finds_each_content_that_is_cut_short) {
  for (const auto& sample : samples_of(sample_content(500))) {
    for (std::size_t size = 1; size < sample.bytes.size(); ++size) {
      EXPECT_THROW(decoded(sample.coding, sample.bytes.substr(0, size)), content_decoding_error)
          << sample.name << " of " << size;
    }
  }
}

TEST(content_decoder, takes_no_bytes_at_all_for_an_empty_content) {
  for (const content_coding coding : {identity, gzip, deflate, br, zstd}) EXPECT_EQ(decoded(coding, ""), "");
}

TEST(content_decoder, refuses_bytes_behind_the_end) {
  for (const auto& sample : samples_of(sample_content(500))) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{4096}}) {
      EXPECT_THROW(decoded(sample.coding, sample.bytes + "x", piece), content_decoding_error) << sample.name;
      EXPECT_THROW(decoded(sample.coding, sample.bytes + std::string(8, '\0'), piece), content_decoding_error)
          << sample.name;
    }
  }
}

TEST(content_decoder, refuses_a_byte_that_was_changed) {
  const std::string content = sample_content(500);
  for (const content_coding coding : {gzip, zstd}) {  // those with a checksum
    const std::string bytes = encoded(coding, content);
    for (std::size_t at = bytes.size() / 2; at < bytes.size(); ++at) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ 0x10);
      EXPECT_THROW(decoded(coding, changed), content_decoding_error) << at;
    }
  }
}

TEST(content_decoder, reads_any_number_of_members_and_frames) {
  for (const content_coding coding : {gzip, zstd}) {
    const std::string bytes = encoded(coding, "one, ") + encoded(coding, "") + encoded(coding, "two");
    EXPECT_EQ(decoded(coding, bytes), "one, two");
    EXPECT_EQ(decoded(coding, bytes, 1, 1), "one, two");
  }
}

TEST(content_decoder, skips_frames_of_zstd_that_are_to_be_skipped) {
  const std::string skipped(
      "\x53\x2a\x4d\x18\x03\x00\x00\x00"
      "abc",
      11);
  EXPECT_EQ(decoded(zstd, skipped + encoded(zstd, "text") + skipped, 1), "text");
}

TEST(content_decoder, refuses_what_zstd_was_before_its_standard) {
  EXPECT_THROW(decoded(zstd, std::string("\x27\xb5\x2f\xfd\x00\x00\x00\x00\x00", 9)), content_decoding_error);
}

TEST(content_decoder, refuses_windows_that_are_too_large) {
  // A frame with a window of 16 MiB: descriptor without a size, window log 24.
  EXPECT_THROW(decoded(zstd, std::string("\x28\xb5\x2f\xfd\x00\x70\x01\x00\x00", 9)), content_decoding_error);
  EXPECT_EQ(decoded(zstd, std::string("\x28\xb5\x2f\xfd\x00\x68\x01\x00\x00", 9)), "");
}

TEST(content_decoder, undoes_two_codings_from_the_last_to_the_first) {
  const std::string content = sample_content(50'000);
  for (const content_coding inner : {gzip, br, zstd}) {
    for (const content_coding outer : {gzip, br, zstd}) {
      const std::string bytes = encoded(outer, encoded(inner, content));
      for (const std::size_t piece : {std::size_t{1}, std::size_t{100}, std::size_t{1} << 20}) {
        const std::vector<content_coding> codings{inner, outer};
        content_decoder decoder(codings);
        EXPECT_EQ(decoded(decoder, bytes, piece, 1000), content);
        EXPECT_EQ(decoder.consumed_bytes(), bytes.size());
        EXPECT_EQ(decoder.produced_bytes(), content.size());
      }
    }
  }
}

TEST(content_decoder, refuses_an_inner_content_that_is_cut_short) {
  const std::string inner = encoded(gzip, sample_content(500));
  const std::vector<content_coding> codings{gzip, br};
  content_decoder decoder(codings);
  EXPECT_THROW(decoded(decoder, encoded(br, inner.substr(0, inner.size() - 1))), content_decoding_error);
}

TEST(content_decoder, takes_at_most_two_codings) {
  const std::vector<content_coding> three{gzip, gzip, gzip};
  EXPECT_THROW(content_decoder{three}, hocket::error);
  const std::vector<content_coding> two_and_nothing{gzip, identity, gzip};
  EXPECT_NO_THROW(content_decoder{two_and_nothing});
}

TEST(content_decoder, finds_a_bomb_before_it_has_made_much_of_it) {
  const std::string zeros(std::size_t{32} << 20, '\0');
  for (const content_coding coding : {gzip, br, zstd}) {
    content_decoder decoder(coding);
    EXPECT_THROW(decoded(decoder, encoded(coding, zeros)), content_bomb_error);
    EXPECT_LE(decoder.produced_bytes(), std::uint64_t{4} << 20);
  }
}

TEST(content_decoder, finds_a_bomb_in_a_bomb) {
  const std::string bomb = encoded(gzip, encoded(gzip, std::string(std::size_t{64} << 20, '\0')));
  const std::vector<content_coding> codings{gzip, gzip};
  content_decoder decoder(codings);
  EXPECT_THROW(decoded(decoder, bomb), content_bomb_error);
  EXPECT_LE(decoder.produced_bytes(), std::uint64_t{1} << 20);
}

TEST(content_decoder, finds_a_bomb_of_which_nothing_would_be_left) {
  std::string members;
  const std::string member = encoded(gzip, "");
  while (members.size() < 10'000'000) members += member;
  const std::string bomb = encoded(gzip, members);
  const std::vector<content_coding> codings{gzip, gzip};
  content_decoder decoder(codings);
  EXPECT_THROW(decoded(decoder, bomb), content_bomb_error);
  EXPECT_EQ(decoder.produced_bytes(), 0U);
}

TEST(content_decoder, lets_small_contents_repeat_themselves) {
  const std::string zeros(64 * 1024, '\0');
  for (const content_coding coding : {gzip, br, zstd}) EXPECT_EQ(decoded(coding, encoded(coding, zeros)), zeros);
}

TEST(content_decoder, takes_other_limits) {
  const std::string zeros(1'000'000, '\0');
  content_decoder generous(gzip, {.ratio = 2000});
  EXPECT_EQ(decoded(generous, encoded(gzip, zeros)), zeros);

  const std::string content = sample_content(10'000);
  content_decoder exact(gzip, {.size_bytes = 10'000});
  EXPECT_EQ(decoded(exact, encoded(gzip, content)), content);
  content_decoder small(gzip, {.size_bytes = 9'999});
  EXPECT_THROW(decoded(small, encoded(gzip, content)), content_bomb_error);
  content_decoder plain(identity, {.size_bytes = 9'999});
  EXPECT_THROW(decoded(plain, content), content_bomb_error);
}

TEST(content_decoder, needs_memory_to_decode_into) {
  content_decoder decoder(gzip);
  EXPECT_THROW(decoder.decode("x", {}), hocket::error);
}

TEST(content_decoder, refuses_any_other_bytes) {
  for (const content_coding coding : {gzip, br, zstd, deflate}) {
    EXPECT_THROW(decoded(coding, "<!DOCTYPE html><title>this is no such thing</title>"), content_decoding_error)
        << to_string(coding);
  }
}

}  // namespace
