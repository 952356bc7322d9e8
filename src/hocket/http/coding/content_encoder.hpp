#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <hocket/http/coding/content_coding.hpp>

namespace hocket::http {

struct content_encoder_options {
  /// From fast to small: 1 to 9 for gzip (6 unless said otherwise), 0 to 11 for br (4), 1 to 19 for zstd (3).
  std::optional<int> level{};
};

/// How much of what went in must come out.
enum class encoding_end : unsigned char {
  none,     ///< what the encoder sees fit: the smallest content
  flush,    ///< all, so that the other side can read it now: for server-sent events; costs some bytes each time
  content,  ///< all, and the end of the content
};

/// Makes a content smaller, piece by piece: gzip, br, zstd.
///
///     for (bool done = false; !done;) {
///       const auto step = encoder.encode(input, room, encoding_end::flush);
///       input.remove_prefix(step.consumed);
///       send(room.first(step.produced));
///       done = step.done;
///     }
///
/// Secrets beside what an attacker can choose should not be compressed together (BREACH). Counterpart: zlib.compressobj.
class content_encoder {
 public:
  /// The least that may be lent to `encode`.
  static constexpr std::size_t least_output = 64;

  /// Throws hocket::error if the coding is another, or the level none of its.
  explicit content_encoder(content_coding coding, content_encoder_options options = {});
  content_encoder(content_encoder&&) noexcept;
  content_encoder& operator=(content_encoder&&) noexcept;
  ~content_encoder();

  struct step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    /// Whether all of `input` is consumed and `end` is reached; if not, call again with the rest and the same `end`.
    bool done = false;
  };

  /// Encodes some of `input` into `output`, of at least `least_output` bytes. Throws hocket::error if the content has
  /// ended before or the output is too small.
  step encode(std::string_view input, std::span<char> output, encoding_end end = encoding_end::none);

  class coder;  // the implementation; defined nowhere in a header

 private:
  std::unique_ptr<coder> coder_;
  bool ended_ = false;
};

}  // namespace hocket::http
