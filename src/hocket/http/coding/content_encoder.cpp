// One coder a library, each a thin face: some bytes in, some out, and whether all is out that was asked for.

#include <algorithm>
#include <cstdint>
#include <new>
#include <string>

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <hocket/base/error.hpp>
#include <hocket/http/coding/content_encoder.hpp>

namespace hocket::http {

class content_encoder::coder {
 public:
  coder() = default;
  coder(const coder&) = delete;
  coder& operator=(const coder&) = delete;
  virtual ~coder() = default;
  virtual step encode(std::string_view input, std::span<char> output, encoding_end end) = 0;
};

namespace {

using step = content_encoder::step;

constexpr std::size_t largest_piece = std::size_t{1} << 30;  // zlib counts in unsigned int

int level_within(content_coding coding, std::optional<int> asked, int usual, int least, int most) {
  const int level = asked.value_or(usual);
  if (level < least || level > most)
    throw error(std::string(to_string(coding)) + " has no level " + std::to_string(level) + ": " +
                std::to_string(least) + " to " + std::to_string(most));
  return level;
}

class gzip_coder final : public content_encoder::coder {
 public:
  explicit gzip_coder(std::optional<int> asked) {
    const int level = level_within(content_coding::gzip, asked, 6, 1, 9);
    constexpr int usual_memory = 8;
    if (::deflateInit2(&stream_, level, Z_DEFLATED, MAX_WBITS + 16, usual_memory, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~gzip_coder() override { ::deflateEnd(&stream_); }

  step encode(std::string_view input, std::span<char> output, encoding_end end) override {
    const auto piece = input.substr(0, largest_piece);
    const auto room = output.first(std::min(output.size(), largest_piece));
    if (piece.size() < input.size()) end = encoding_end::none;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
    stream_.avail_in = static_cast<uInt>(piece.size());
    stream_.next_out = reinterpret_cast<Bytef*>(room.data());
    stream_.avail_out = static_cast<uInt>(room.size());
    // Z_BUF_ERROR says that there was nothing to do.
    const int answer = ::deflate(&stream_, mode(end));
    step made{piece.size() - stream_.avail_in, room.size() - stream_.avail_out, false};
    if (end == encoding_end::content) {
      made.done = answer == Z_STREAM_END;
    } else {
      made.done = made.consumed == input.size() && stream_.avail_out > 0;
    }
    return made;
  }

 private:
  static int mode(encoding_end end) noexcept {
    if (end == encoding_end::none) return Z_NO_FLUSH;
    return end == encoding_end::flush ? Z_SYNC_FLUSH : Z_FINISH;
  }

  z_stream stream_{};
};

class brotli_coder final : public content_encoder::coder {
 public:
  explicit brotli_coder(std::optional<int> asked) {
    const int level = level_within(content_coding::br, asked, 4, BROTLI_MIN_QUALITY, BROTLI_MAX_QUALITY);
    state_ = ::BrotliEncoderCreateInstance(nullptr, nullptr, nullptr);
    if (state_ == nullptr) throw std::bad_alloc();
    ::BrotliEncoderSetParameter(state_, BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(level));
    constexpr std::uint32_t window_log = 19;  // 512 KiB: what a connection can afford
    ::BrotliEncoderSetParameter(state_, BROTLI_PARAM_LGWIN, window_log);
  }
  ~brotli_coder() override { ::BrotliEncoderDestroyInstance(state_); }

  step encode(std::string_view input, std::span<char> output, encoding_end end) override {
    std::size_t input_left = input.size();
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(input.data());
    std::size_t output_left = output.size();
    auto* next_out = reinterpret_cast<std::uint8_t*>(output.data());
    if (::BrotliEncoderCompressStream(state_, mode(end), &input_left, &next_in, &output_left, &next_out, nullptr) ==
        BROTLI_FALSE)
      throw std::bad_alloc();  // the only failure of a call that follows the rules
    const bool all_out = ::BrotliEncoderHasMoreOutput(state_) == BROTLI_FALSE;
    const bool done =
        end == encoding_end::content ? ::BrotliEncoderIsFinished(state_) != BROTLI_FALSE : input_left == 0 && all_out;
    return {input.size() - input_left, output.size() - output_left, done};
  }

 private:
  static BrotliEncoderOperation mode(encoding_end end) noexcept {
    if (end == encoding_end::none) return BROTLI_OPERATION_PROCESS;
    return end == encoding_end::flush ? BROTLI_OPERATION_FLUSH : BROTLI_OPERATION_FINISH;
  }

  BrotliEncoderState* state_ = nullptr;
};

class zstd_coder final : public content_encoder::coder {
 public:
  explicit zstd_coder(std::optional<int> asked) {
    // Above 19 the windows are larger than the 8 MiB that all receivers take (RFC 9659).
    const int level = level_within(content_coding::zstd, asked, 3, 1, 19);
    state_ = ::ZSTD_createCCtx();
    if (state_ == nullptr) throw std::bad_alloc();
    ::ZSTD_CCtx_setParameter(state_, ZSTD_c_compressionLevel, level);
    ::ZSTD_CCtx_setParameter(state_, ZSTD_c_checksumFlag, 1);
  }
  ~zstd_coder() override { ::ZSTD_freeCCtx(state_); }

  step encode(std::string_view input, std::span<char> output, encoding_end end) override {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{output.data(), output.size(), 0};
    const std::size_t left = ::ZSTD_compressStream2(state_, &out, &in, mode(end));
    if (::ZSTD_isError(left) != 0) throw std::bad_alloc();  // the only failure of a call that follows the rules
    const bool done = in.pos == in.size && (end == encoding_end::none || left == 0);
    return {in.pos, out.pos, done};
  }

 private:
  static ZSTD_EndDirective mode(encoding_end end) noexcept {
    if (end == encoding_end::none) return ZSTD_e_continue;
    return end == encoding_end::flush ? ZSTD_e_flush : ZSTD_e_end;
  }

  ZSTD_CCtx* state_ = nullptr;
};

std::unique_ptr<content_encoder::coder> make_coder(content_coding coding, std::optional<int> level) {
  switch (coding) {
    case content_coding::gzip:
      return std::make_unique<gzip_coder>(level);
    case content_coding::br:
      return std::make_unique<brotli_coder>(level);
    case content_coding::zstd:
      return std::make_unique<zstd_coder>(level);
    case content_coding::deflate:   // half of the receivers expect zlib's header, half none
    case content_coding::identity:  // nothing to encode
      break;
  }
  throw error("there is no encoder for " + std::string(to_string(coding)));
}

}  // namespace

content_encoder::content_encoder(content_coding coding, content_encoder_options options)
    : coder_(make_coder(coding, options.level)) {}
content_encoder::content_encoder(content_encoder&&) noexcept = default;
content_encoder& content_encoder::operator=(content_encoder&&) noexcept = default;
content_encoder::~content_encoder() = default;

step content_encoder::encode(std::string_view input, std::span<char> output, encoding_end end) {
  if (ended_) throw invalid_state_error("the encoded content has ended");
  if (output.size() < least_output) throw error("a content encoder needs memory to encode into");
  const step made = coder_->encode(input, output, end);
  ended_ = made.done && end == encoding_end::content;
  return made;
}

}  // namespace hocket::http
