#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/field/field_cursor.hpp>
#include <hocket/http/range/byte_range.hpp>

namespace hocket::http {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

/// A number that is too large counts as the largest: it lies beyond the end of any content.
std::optional<std::uint64_t> take_number(field_cursor& at) noexcept {
  const auto digits = at.take_while([](char c) noexcept { return c >= '0' && c <= '9'; });
  if (digits.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (most - digit) / 10 ? most : value * 10 + digit;
  }
  return value;
}

/// One element of the list. `is_valid` is false where all of the field is to be ignored, nothing comes where the range
/// is beyond the end.
std::optional<byte_range> take_range(field_cursor& at, std::uint64_t size, bool& is_valid) noexcept {
  const auto first = take_number(at);
  is_valid = at.take('-');
  if (!is_valid) return std::nullopt;
  const auto last = take_number(at);
  if (!first) {
    is_valid = last.has_value();
    if (!is_valid || *last == 0 || size == 0) return std::nullopt;
    const std::uint64_t count = std::min(*last, size);
    return byte_range{size - count, count};
  }
  is_valid = !last || *last >= *first;
  if (!is_valid || *first >= size) return std::nullopt;
  return byte_range{*first, std::min(last.value_or(most), size - 1) - *first + 1};
}

struct asked_range {
  byte_range range;
  std::size_t place;
};

/// All ends lie within the content, so that nothing overflows.
std::vector<byte_range> coalesced(std::vector<asked_range> ranges, std::uint64_t gap) {
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.range.first < b.range.first; });
  std::vector<asked_range> merged;
  for (const asked_range& at : ranges) {
    if (!merged.empty()) {
      auto& before = merged.back().range;
      const std::uint64_t end = before.first + before.size;
      if (at.range.first <= end || at.range.first - end <= gap) {
        before.size = std::max(end, at.range.first + at.range.size) - before.first;
        merged.back().place = std::min(merged.back().place, at.place);
        continue;
      }
    }
    merged.push_back(at);
  }
  std::sort(merged.begin(), merged.end(), [](const auto& a, const auto& b) { return a.place < b.place; });
  std::vector<byte_range> result;
  for (const asked_range& at : merged) result.push_back(at.range);
  return result;
}

}  // namespace

std::expected<std::vector<byte_range>, range_failure> parse_range(std::string_view field, std::uint64_t size,
                                                                  range_limits limits) {
  field_cursor at(field);
  at.skip_blanks();
  if (!detail::equal_ignoring_case(at.take_token(), "bytes") || !at.take('='))
    return std::unexpected(range_failure::ignored);
  std::vector<asked_range> ranges;
  std::size_t count = 0;
  for (at.skip_empty_elements(); !at.at_end(); at.skip_empty_elements()) {
    bool is_valid = false;
    const auto range = take_range(at, size, is_valid);
    if (!is_valid || !at.at_end_of_element() || ++count > limits.ranges) return std::unexpected(range_failure::ignored);
    if (range) ranges.push_back({*range, count});
  }
  if (count == 0) return std::unexpected(range_failure::ignored);
  if (ranges.empty()) return std::unexpected(range_failure::unsatisfiable);
  return coalesced(std::move(ranges), limits.gap_bytes);
}

std::optional<content_range> parse_content_range(std::string_view field) {
  field_cursor at(detail::trim(field));
  if (!detail::equal_ignoring_case(at.take_token(), "bytes") || at.skip_blanks() == 0) return std::nullopt;
  content_range result;
  const bool is_unsatisfied = at.take('*');
  if (!is_unsatisfied) {
    const auto first = take_number(at);
    if (!first || !at.take('-')) return std::nullopt;
    const auto last = take_number(at);
    if (!last || *last < *first || *last == most) return std::nullopt;
    result.range = byte_range{*first, *last - *first + 1};
  }
  if (!at.take('/')) return std::nullopt;
  if (!at.take('*')) {
    result.size = take_number(at);
    if (!result.size || *result.size == most) return std::nullopt;
  }
  if (!at.at_end() || (is_unsatisfied && !result.size)) return std::nullopt;
  if (result.range && result.size && *result.size < result.range->first + result.range->size) return std::nullopt;
  return result;
}

std::string format_content_range(const content_range& range) {
  const std::string size = range.size ? std::to_string(*range.size) : "*";
  if (!range.range) return "bytes */" + size;
  return fmt::format("bytes {}-{}/{}", range.range->first, range.range->first + range.range->size - 1, size);
}

}  // namespace hocket::http
