#include <chrono>
#include <expected>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>

#include <hocket/http/date.hpp>
#include <hocket/http/form/multipart_form.hpp>
#include <hocket/http/range/byte_range.hpp>
#include <hocket/http/range/preconditions.hpp>
#include <hocket/http/server/file_reply.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http {
namespace {

/// A file that changes twice within a nanosecond, or whose size and time somebody puts back, passes for unchanged.
entity_tag tag_of(const struct stat& state) {
  const auto nanoseconds = std::chrono::seconds(state.st_mtim.tv_sec) + std::chrono::nanoseconds(state.st_mtim.tv_nsec);
  return {.opaque = fmt::format("{:x}-{:x}", nanoseconds.count(), state.st_size)};
}

struct part {
  std::string head;
  byte_range range;
};

body parts_of(file from, std::vector<part> parts, std::string end) {
  std::uint64_t length = end.size();
  for (const part& each : parts) length += each.head.size() + each.range.size;
  auto write = [from = std::move(from), parts = std::move(parts),
                end = std::move(end)](body_writer& to) mutable -> coro<void> {
    for (const part& each : parts) {
      co_await to.write(each.head);
      co_await to.write_file(from, each.range.first, each.range.size);
    }
    co_await to.write(end);
  };
  return body::stream(std::move(write), length);
}

// RFC 9110, 15.3.7.2.
void give_parts(reply& given, file from, const std::vector<byte_range>& ranges, std::uint64_t size) {
  const std::string boundary = make_boundary(loop::running().random());
  const std::string content_type(given.headers.get("Content-Type").value_or("application/octet-stream"));
  std::vector<part> parts;
  for (const byte_range& range : ranges)
    parts.push_back({fmt::format("\r\n--{}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n", boundary, content_type,
                                 format_content_range({.range = range, .size = size})),
                     range});
  given.headers.set("Content-Type", "multipart/byteranges; boundary=" + boundary);
  given.body = parts_of(std::move(from), std::move(parts), fmt::format("\r\n--{}--\r\n", boundary));
}

void give_ranges(reply& given, file from, const std::vector<byte_range>& ranges, std::uint64_t size) {
  given.status = 206;
  if (ranges.size() > 1) return give_parts(given, std::move(from), ranges, size);
  given.headers.add("Content-Range", format_content_range({.range = ranges.front(), .size = size}));
  given.body = body::of_file(std::move(from), ranges.front().first, ranges.front().size);
}

}  // namespace

reply file_reply(const request& asked, file opened, headers fields) {
  struct stat state{};
  if (const int error = opened.status(state); error != 0)
    throw std::system_error(error, std::system_category(), "stat");
  if (!S_ISREG(state.st_mode)) throw http_error(404);
  const std::chrono::sys_seconds modified{std::chrono::seconds(state.st_mtim.tv_sec)};
  // Its date is weak: it may have changed twice within that second. A client has the tag.
  const resource_state now{.etag = tag_of(state), .last_modified = modified};
  reply given{.headers = std::move(fields)};
  given.headers.add("Last-Modified", format_date(modified));
  given.headers.add("ETag", format_entity_tag(*now.etag));
  given.headers.add("Accept-Ranges", "bytes");
  switch (evaluate_preconditions(asked.method(), asked.headers(), now, modified)) {
    case precondition::not_modified:
      given.status = 304;
      return given;
    case precondition::failed:
      throw http_error(412);
    case precondition::met:
      break;
  }
  const auto size = static_cast<std::uint64_t>(state.st_size);
  const auto wanted = asked.headers().get("Range");
  if (wanted && range_counts(asked.method(), asked.headers(), now, modified)) {
    const auto ranges = parse_range(*wanted, size);
    if (ranges) {
      give_ranges(given, std::move(opened), *ranges, size);
      return given;
    }
    if (ranges.error() == range_failure::unsatisfiable) {
      headers whole;
      whole.add("Content-Range", format_content_range({.size = size}));
      throw http_error(416, {}, std::move(whole));
    }
  }
  given.body = body::of_file(std::move(opened), 0, size);
  return given;
}

}  // namespace hocket::http
