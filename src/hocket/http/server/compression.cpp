#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/http/coding/accept_encoding.hpp>
#include <hocket/http/coding/content_encoder.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/media_type.hpp>
#include <hocket/http/range/entity_tag.hpp>
#include <hocket/http/server/compression.hpp>

namespace hocket::http {
namespace {

constexpr std::size_t most_at_once = 128 * 1024;  // more would keep the loop for milliseconds
constexpr std::size_t piece_bytes = 32 * 1024;

/// Encodes what is written, and writes it on.
class encoding_writer final : public body_writer {
 public:
  encoding_writer(body_writer& to, content_coding coding) : to_(to), encoder_(coding) {}

  coro<void> write(std::string_view piece) override {
    while (!piece.empty()) {
      const std::string_view part = piece.substr(0, piece_bytes);
      piece.remove_prefix(part.size());
      co_await encode(part, encoding_end::none);
    }
  }

  coro<void> write_file(file& from, std::uint64_t offset, std::uint64_t length) override {
    const auto bytes = std::make_unique_for_overwrite<char[]>(piece_bytes);
    while (length > 0) {
      const std::span<char> into(bytes.get(), static_cast<std::size_t>(std::min<std::uint64_t>(length, piece_bytes)));
      const std::size_t size = co_await from.read(into, static_cast<std::int64_t>(offset));
      if (size == 0) throw error("the file became shorter while it was sent");
      co_await encode({bytes.get(), size}, encoding_end::none);
      offset += size;
      length -= size;
    }
  }

  coro<void> flush() override {
    co_await encode({}, encoding_end::flush);
    co_await to_.flush();
  }

  // Digests are of what is sent, and that is not what the producer has summed (RFC 9530, 2 and 3).
  void add_trailer(std::string_view name, std::string_view value) override {
    for (const std::string_view digest : {"Content-Digest", "Repr-Digest", "Digest"})
      if (detail::equal_ignoring_case(name, digest)) return;
    to_.add_trailer(name, value);
  }

  coro<void> finish() { co_await encode({}, encoding_end::content); }

 private:
  coro<void> encode(std::string_view input, encoding_end end) {
    for (bool done = false; !done;) {
      const auto step = encoder_.encode(input, {room_.get(), piece_bytes}, end);
      input.remove_prefix(step.consumed);
      if (step.produced > 0) co_await to_.write({room_.get(), step.produced});
      done = step.done;
    }
  }

  body_writer& to_;
  content_encoder encoder_;
  std::unique_ptr<char[]> room_ = std::make_unique_for_overwrite<char[]>(piece_bytes);
};

body encoded_on_the_way(body plain, content_coding coding) {
  return body::stream([plain = std::move(plain), coding](body_writer& to) mutable -> coro<void> {
    encoding_writer writer(to, coding);
    co_await plain.write_to(writer);
    co_await writer.finish();
  });
}

/// Nothing if it does not become smaller.
std::optional<std::string> encoded_at_once(std::string_view plain, content_coding coding) {
  content_encoder encoder(coding);
  std::string all(plain.size(), '\0');
  std::size_t size = 0;
  for (;;) {
    const std::span<char> room = std::span(all).subspan(size);
    if (room.size() < content_encoder::least_output) return std::nullopt;
    const auto step = encoder.encode(plain, room, encoding_end::content);
    plain.remove_prefix(step.consumed);
    size += step.produced;
    if (step.done) break;
  }
  all.resize(size);
  return all;
}

std::optional<std::string> joined(const headers& fields, std::string_view name) {
  std::optional<std::string> all;
  for (const std::string_view each : fields.get_all(name)) {
    if (all) all->append(", ");
    all = std::move(all).value_or("").append(each);
  }
  return all;
}

bool may_encode(const reply& given, std::size_t least_bytes) {
  const headers& fields = given.headers;
  if (given.status < 200 || given.status == 204 || given.status == 206 || given.status == 304) return false;
  for (const char* name : {"Content-Encoding", "Content-Range", "Content-Digest", "Repr-Digest", "Digest"})
    if (fields.contains(name)) return false;
  if (fields.contains_token("Cache-Control", "no-transform")) return false;
  const auto type = fields.get("Content-Type");
  return type && given.body.length().value_or(least_bytes) >= std::max<std::size_t>(least_bytes, 1) &&
         is_compressible(parse_media_type(*type).essence);
}

void encode(reply& given, content_coding coding) {
  const auto bytes = given.body.in_memory();
  if (bytes && bytes->size() <= most_at_once) {
    auto smaller = encoded_at_once(*bytes, coding);
    if (!smaller) return;
    given.body = std::move(*smaller);
  } else {
    given.body = encoded_on_the_way(std::move(given.body), coding);
  }
  given.headers.set("Content-Encoding", to_string(coding));
  given.headers.remove("Accept-Ranges");
  const auto tag = given.headers.get("ETag");
  if (tag && tag->starts_with('"')) given.headers.set("ETag", std::string("W/").append(*tag));
}

class compressor {
 public:
  explicit compressor(compression_options options) : options_(std::move(options)) {
    for (const content_coding each : options_.codings) static_cast<void>(content_encoder{each});  // throws
  }

  coro<reply> operator()(request& asked, next_handler next) {
    reply given = co_await next(asked);
    if (!may_encode(given, options_.least_bytes)) co_return given;
    if (!given.headers.contains_token("Vary", "Accept-Encoding") && !given.headers.contains_token("Vary", "*"))
      given.headers.add("Vary", "Accept-Encoding");
    const auto coding = negotiate_coding(joined(asked.headers(), "Accept-Encoding"), options_.codings);
    // Who takes nothing at all is better served with the content as it is than with 406 (RFC 9110, 12.5.3).
    if (coding && *coding != content_coding::identity) encode(given, *coding);
    co_return given;
  }

 private:
  compression_options options_;
};

}  // namespace

bool is_compressible(std::string_view essence) noexcept {
  static constexpr std::string_view others[] = {"application/javascript",
                                                "application/json",
                                                "application/manifest+json",
                                                "application/rtf",
                                                "application/wasm",
                                                "application/x-ndjson",
                                                "application/x-javascript",
                                                "application/xml",
                                                "font/otf",
                                                "font/ttf",
                                                "image/bmp",
                                                "image/x-icon"};
  return essence.starts_with("text/") || essence.ends_with("+json") || essence.ends_with("+xml") ||
         std::ranges::find(others, essence) != std::end(others);
}

middleware compression(compression_options options) { return compressor(std::move(options)); }

}  // namespace hocket::http
