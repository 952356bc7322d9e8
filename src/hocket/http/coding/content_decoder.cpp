// One stage a coding. A stage is a thin face over its library: it takes some bytes, gives some, and knows whether it
// rests where the content may end. The chain of two hands the bytes of the first to the second through a buffer of
// fixed size.
//
// Each stage has its own ratio, as a first coding may explode into what the second turns into nothing.

#include <algorithm>
#include <array>
#include <new>
#include <string>
#include <vector>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <hocket/http/coding/content_decoder.hpp>

namespace hocket::http {
namespace {

using step = content_decoder::step;

constexpr std::size_t between_size = std::size_t{16} * 1024;
constexpr std::size_t largest_piece = std::size_t{1} << 30;  // zlib counts in unsigned int
constexpr int zstd_window_log = 23;

class stage {
 public:
  explicit stage(content_coding coding) : coding_(coding) {}
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;
  virtual ~stage() = default;

  step decode(std::string_view input, std::span<char> output) {
    const step done = run(input.substr(0, largest_piece), output.first(std::min(output.size(), largest_piece)));
    consumed_ += done.consumed;
    produced_ += done.produced;
    return done;
  }

  /// Whether the content may end here.
  [[nodiscard]] virtual bool is_complete() const noexcept = 0;

  [[nodiscard]] std::uint64_t consumed() const noexcept { return consumed_; }
  [[nodiscard]] std::uint64_t produced() const noexcept { return produced_; }
  [[nodiscard]] std::string name() const { return std::string(to_string(coding_)); }

 protected:
  virtual step run(std::string_view input, std::span<char> output) = 0;

  [[noreturn]] void fail_malformed() const { throw content_decoding_error("the " + name() + " content is malformed"); }
  [[noreturn]] void fail_garbage() const {
    throw content_decoding_error("bytes follow the end of the " + name() + " content");
  }

 private:
  content_coding coding_;
  std::uint64_t consumed_ = 0;
  std::uint64_t produced_ = 0;
};

/// What gzip and deflate share.
class inflate_stage : public stage {
 public:
  inflate_stage(content_coding coding, int window_bits) : stage(coding) {
    if (::inflateInit2(&stream_, window_bits) != Z_OK) throw std::bad_alloc();
  }
  ~inflate_stage() override { ::inflateEnd(&stream_); }

 protected:
  /// Up to the end of the stream, if that comes; then `at_end_`.
  step inflate_some(std::string_view input, std::span<char> output) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    stream_.next_out = reinterpret_cast<Bytef*>(output.data());
    stream_.avail_out = static_cast<uInt>(output.size());
    const int answer = ::inflate(&stream_, Z_NO_FLUSH);
    if (answer == Z_MEM_ERROR) throw std::bad_alloc();
    if (answer != Z_OK && answer != Z_STREAM_END && answer != Z_BUF_ERROR) fail_malformed();
    at_end_ = answer == Z_STREAM_END;
    return {input.size() - stream_.avail_in, output.size() - stream_.avail_out};
  }

  z_stream stream_{};
  bool at_end_ = false;
};

class gzip_stage final : public inflate_stage {
 public:
  gzip_stage() : inflate_stage(content_coding::gzip, MAX_WBITS + 16) {}
  [[nodiscard]] bool is_complete() const noexcept override { return at_end_; }

 private:
  step run(std::string_view input, std::span<char> output) override {
    step all;
    while (true) {
      if (at_end_) {
        if (all.consumed == input.size()) return all;
        ::inflateReset(&stream_);  // another member
      }
      const step one = inflate_some(input.substr(all.consumed), output.subspan(all.produced));
      all.consumed += one.consumed;
      all.produced += one.produced;
      if (!at_end_ || all.produced == output.size()) return all;
    }
  }
};

class deflate_stage final : public inflate_stage {
 public:
  deflate_stage() : inflate_stage(content_coding::deflate, MAX_WBITS) {}
  [[nodiscard]] bool is_complete() const noexcept override { return at_end_; }

 private:
  step run(std::string_view input, std::span<char> output) override {
    std::size_t looked_at = 0;
    while (head_size_ < head_.size() && looked_at < input.size()) head_[head_size_++] = input[looked_at++];
    if (head_size_ < head_.size()) return {looked_at, 0};
    if (!begun_) begin();
    if (at_end_) {
      if (!input.empty()) fail_garbage();
      return {};
    }
    while (head_given_ < head_size_) {
      const step one = inflate_some(std::string_view(head_).substr(head_given_, head_size_ - head_given_), output);
      head_given_ += one.consumed;
      if (at_end_ && head_given_ < head_size_) fail_garbage();
      if (at_end_ || one.produced > 0 || one.consumed == 0) return {looked_at, one.produced};
    }
    const step rest = inflate_some(input.substr(looked_at), output);
    return {looked_at + rest.consumed, rest.produced};
  }

  /// Many send bare deflate data under this name. A header of zlib's is told by its check (RFC 1950, 2.2).
  void begin() {
    const auto first = static_cast<unsigned char>(head_[0]);
    const auto second = static_cast<unsigned char>(head_[1]);
    const bool is_zlib = (first & 0x0fU) == Z_DEFLATED && first >> 4U <= 7 && (first * 256U + second) % 31 == 0;
    ::inflateReset2(&stream_, is_zlib ? MAX_WBITS : -MAX_WBITS);
    begun_ = true;
  }

  std::string head_ = std::string(2, '\0');
  std::size_t head_size_ = 0;
  std::size_t head_given_ = 0;
  bool begun_ = false;
};

class brotli_stage final : public stage {
 public:
  brotli_stage() : stage(content_coding::br), state_(::BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (state_ == nullptr) throw std::bad_alloc();
  }
  ~brotli_stage() override { ::BrotliDecoderDestroyInstance(state_); }
  [[nodiscard]] bool is_complete() const noexcept override { return at_end_; }

 private:
  step run(std::string_view input, std::span<char> output) override {
    if (at_end_) {
      if (!input.empty()) fail_garbage();
      return {};
    }
    std::size_t input_left = input.size();
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(input.data());
    std::size_t output_left = output.size();
    auto* next_out = reinterpret_cast<std::uint8_t*>(output.data());
    const auto answer =
        ::BrotliDecoderDecompressStream(state_, &input_left, &next_in, &output_left, &next_out, nullptr);
    if (answer == BROTLI_DECODER_RESULT_ERROR) {
      const auto code = ::BrotliDecoderGetErrorCode(state_);
      if (code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES && code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES)
        throw std::bad_alloc();
      fail_malformed();
    }
    at_end_ = answer == BROTLI_DECODER_RESULT_SUCCESS;
    return {input.size() - input_left, output.size() - output_left};
  }

  BrotliDecoderState* state_;
  bool at_end_ = false;
};

class zstd_stage final : public stage {
 public:
  zstd_stage() : stage(content_coding::zstd), state_(::ZSTD_createDCtx()) {
    if (state_ == nullptr) throw std::bad_alloc();
    ::ZSTD_DCtx_setParameter(state_, ZSTD_d_windowLogMax, zstd_window_log);
  }
  ~zstd_stage() override { ::ZSTD_freeDCtx(state_); }
  [[nodiscard]] bool is_complete() const noexcept override { return between_frames_; }

 private:
  step run(std::string_view input, std::span<char> output) override {
    step all;
    if (input.empty() && !more_waits_) return all;  // the library counts calls that achieve nothing, and fails
    while (true) {
      if (between_frames_) {
        if (all.consumed == input.size()) return all;
        check_magic(input[all.consumed]);
      }
      ZSTD_inBuffer in{input.data() + all.consumed, input.size() - all.consumed, 0};
      ZSTD_outBuffer out{output.data() + all.produced, output.size() - all.produced, 0};
      const std::size_t answer = ::ZSTD_decompressStream(state_, &out, &in);
      if (::ZSTD_isError(answer) != 0) fail_malformed();
      all.consumed += in.pos;
      all.produced += out.pos;
      between_frames_ = answer == 0;
      more_waits_ = all.produced == output.size();
      if (!between_frames_ || all.produced == output.size()) return all;
    }
  }

  /// The library may have been built to read the formats from before the standard as well: their frames begin otherwise.
  void check_magic(char first) const {
    const auto byte = static_cast<unsigned char>(first);
    if (byte != 0x28 && (byte & 0xf0U) != 0x50) fail_malformed();
  }

  ZSTD_DCtx* state_;
  bool between_frames_ = true;
  bool more_waits_ = false;
};

std::unique_ptr<stage> make_stage(content_coding coding) {
  switch (coding) {
    case content_coding::gzip:
      return std::make_unique<gzip_stage>();
    case content_coding::deflate:
      return std::make_unique<deflate_stage>();
    case content_coding::br:
      return std::make_unique<brotli_stage>();
    case content_coding::zstd:
      return std::make_unique<zstd_stage>();
    case content_coding::identity:
      break;
  }
  throw error("the identity needs no decoder");
}

}  // namespace

class content_decoder::chain {
 public:
  chain(std::span<const content_coding> codings, content_decoder_limits limits) : limits_(limits) {
    for (auto at = codings.rbegin(); at != codings.rend(); ++at) {
      if (*at == content_coding::identity) continue;
      if (stages_.size() == most_codings) throw error("too many content codings");
      stages_.push_back(make_stage(*at));
    }
    if (stages_.size() > 1) between_ = std::make_unique_for_overwrite<char[]>(between_size);
  }

  step decode(std::string_view input, std::span<char> output) {
    if (output.empty()) throw error("a content decoder needs memory to decode into");
    const step done = run(input, output);
    consumed_ += done.consumed;
    produced_ += done.produced;
    check_size();
    return done;
  }

  void finish() const {
    if (consumed_ == 0) return;
    for (const auto& at : stages_) {
      if (at->consumed() > 0 && !at->is_complete())
        throw content_decoding_error("the " + at->name() + " content is cut short");
    }
  }

  [[nodiscard]] std::uint64_t consumed() const noexcept { return consumed_; }
  [[nodiscard]] std::uint64_t produced() const noexcept { return produced_; }

 private:
  step run(std::string_view input, std::span<char> output) {
    if (stages_.empty()) {
      const std::size_t size = std::min(input.size(), output.size());
      std::copy_n(input.begin(), size, output.begin());
      return {size, size};
    }
    if (stages_.size() == 1) return run_until_it_matters(*stages_.front(), input, output);
    step all;
    while (true) {
      if (between_begin_ == between_end_) {
        const step first =
            run_until_it_matters(*stages_.front(), input.substr(all.consumed), {between_.get(), between_size});
        all.consumed += first.consumed;
        between_begin_ = 0;
        between_end_ = first.produced;
      }
      const std::string_view waiting(between_.get() + between_begin_, between_end_ - between_begin_);
      const step second = run_until_it_matters(*stages_.back(), waiting, output);
      between_begin_ += second.consumed;
      all.produced = second.produced;
      if (all.produced > 0 || waiting.empty()) return all;
    }
  }

  /// Until there is something, or all is consumed: the libraries may rest in between.
  step run_until_it_matters(stage& at, std::string_view input, std::span<char> output) const {
    step all;
    do {
      const step one = at.decode(input.substr(all.consumed), output);
      check_ratio(at.consumed(), at.produced());
      all.consumed += one.consumed;
      all.produced = one.produced;
      if (one.consumed == 0 && one.produced == 0) break;
    } while (all.produced == 0 && all.consumed < input.size());
    if (all.produced == 0 && all.consumed < input.size())
      throw content_decoding_error("the " + at.name() + " content does not go on");
    return all;
  }

  void check_ratio(std::uint64_t consumed, std::uint64_t produced) const {
    if (produced > limits_.ratio_floor_bytes && produced / std::max<std::uint64_t>(limits_.ratio, 1) > consumed)
      throw content_bomb_error("the content grows more than " + std::to_string(limits_.ratio) + " times");
  }

  void check_size() const {
    if (stages_.size() > 1) check_ratio(consumed_, produced_);
    if (produced_ > limits_.size_bytes)
      throw content_bomb_error("the decoded content is larger than " + std::to_string(limits_.size_bytes) + " bytes");
  }

  content_decoder_limits limits_;
  std::vector<std::unique_ptr<stage>> stages_;  // the first takes what came
  std::unique_ptr<char[]> between_;
  std::size_t between_begin_ = 0;
  std::size_t between_end_ = 0;
  std::uint64_t consumed_ = 0;
  std::uint64_t produced_ = 0;
};

content_decoder::content_decoder(std::span<const content_coding> codings, content_decoder_limits limits)
    : chain_(std::make_unique<chain>(codings, limits)) {}
content_decoder::content_decoder(content_coding coding, content_decoder_limits limits)
    : content_decoder(std::span(&coding, 1), limits) {}
content_decoder::content_decoder(content_decoder&&) noexcept = default;
content_decoder& content_decoder::operator=(content_decoder&&) noexcept = default;
content_decoder::~content_decoder() = default;

step content_decoder::decode(std::string_view input, std::span<char> output) { return chain_->decode(input, output); }
void content_decoder::finish() const { chain_->finish(); }
std::uint64_t content_decoder::consumed_bytes() const noexcept { return chain_->consumed(); }
std::uint64_t content_decoder::produced_bytes() const noexcept { return chain_->produced(); }

}  // namespace hocket::http
