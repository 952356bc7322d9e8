#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <hocket/base/error.hpp>
#include <hocket/http/coding/content_coding.hpp>

namespace hocket::http {

/// A content that cannot be decoded: malformed, cut short, or followed by what does not belong to it.
class content_decoding_error : public protocol_error {
 public:
  using protocol_error::protocol_error;
};

/// A content that grows more than the limits of its decoder allow.
class content_bomb_error : public content_decoding_error {
 public:
  using content_decoding_error::content_decoding_error;
};

struct content_decoder_limits {
  /// Of what comes out, in all.
  std::uint64_t size_bytes = std::uint64_t{1} << 30;
  /// How many times larger than what went in that may be, of each coding and of all together; of as much as came out
  /// until now.
  std::uint64_t ratio = 100;
  /// Below this the ratio does not matter: small contents that repeat themselves are no attack.
  std::uint64_t ratio_floor_bytes = std::uint64_t{64} * 1024;
};

/// Undoes content codings, piece by piece: gzip (of any number of members), deflate (as zlib writes it, and bare), br,
/// zstd.
///
/// It makes never more than the memory that the caller lends for a step, so that a bomb is found out one bounded piece
/// at a time. Windows are limited to 16 MiB for br and 8 MiB for zstd (RFC 9659). No bytes at all are the coding of an
/// empty content: that is what servers send for one.
///
///     while (true) {
///       const auto [consumed, produced] = decoder.decode(input, room);
///       input.remove_prefix(consumed);
///       if (produced == 0) break;  // more input is needed
///       use(room.first(produced));
///     }
///
/// After an error only its destructor may be called. Counterpart: zlib.decompressobj.
class content_decoder {
 public:
  /// `codings` in the order in which they were applied, at most `most_codings`; throws hocket::error if there are more.
  explicit content_decoder(std::span<const content_coding> codings, content_decoder_limits limits = {});
  explicit content_decoder(content_coding coding, content_decoder_limits limits = {});
  content_decoder(content_decoder&&) noexcept;
  content_decoder& operator=(content_decoder&&) noexcept;
  ~content_decoder();

  struct step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };

  /// Decodes some of `input` into `output`, which is not empty. If it produces nothing it has consumed all.
  /// Throws `content_decoding_error`, `content_bomb_error`.
  step decode(std::string_view input, std::span<char> output);

  /// To be called when there is no more input and nothing more was produced. Throws `content_decoding_error` if the
  /// content is not complete.
  void finish() const;

  /// In all. Input that waits within counts as consumed.
  [[nodiscard]] std::uint64_t consumed_bytes() const noexcept;
  [[nodiscard]] std::uint64_t produced_bytes() const noexcept;

 private:
  class chain;
  std::unique_ptr<chain> chain_;
};

}  // namespace hocket::http
