#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/redis/detail/numbers.hpp>
#include <hocket/redis/redis_error.hpp>
#include <hocket/redis/reply_conversion.hpp>

namespace hocket::redis::detail {

void refuse(const reply& found, std::string_view asked_for) {
  found.raise_for_error();
  throw conversion_error(fmt::format("the reply is {}, and was asked for as {}", name_of(found.kind()), asked_for));
}

void refuse_size(std::size_t found, std::size_t asked_for) {
  throw conversion_error(fmt::format("the reply has {} items, and was asked for as {}", found, asked_for));
}

[[noreturn]] static void refuse_number(const std::string& digits) {
  throw conversion_error(fmt::format("the reply {} does not fit the type of integer that it was asked for as", digits));
}

static bool is_string(const reply& value) noexcept { return value.has_text() && !value.is_error(); }

std::int64_t to_integer(const reply& from, std::int64_t least, std::int64_t most) {
  std::optional<std::int64_t> value;
  if (from.kind() == reply_kind::integer) value = from.integer();
  if (is_string(from)) value = parse_integer<std::int64_t>(from.text());
  if (!value) refuse(from, "an integer");
  if (*value < least || *value > most) refuse_number(std::to_string(*value));
  return *value;
}

std::uint64_t to_unsigned(const reply& from, std::uint64_t most) {
  std::optional<std::uint64_t> value;
  if (from.kind() == reply_kind::integer) {
    if (from.integer() < 0) refuse_number(std::to_string(from.integer()));
    value = static_cast<std::uint64_t>(from.integer());
  }
  if (is_string(from)) value = parse_integer<std::uint64_t>(from.text());
  if (!value) refuse(from, "an integer without a sign");
  if (*value > most) refuse_number(std::to_string(*value));
  return *value;
}

double to_real(const reply& from) {
  if (from.kind() == reply_kind::integer) return static_cast<double>(from.integer());
  if (!is_string(from)) return from.real();
  if (const auto value = parse_real(from.text())) return *value;
  refuse(from, "a double");
}

bool to_bool(const reply& from) {
  switch (from.kind()) {
    case reply_kind::boolean:
      return from.boolean();
    case reply_kind::nil:
      return false;
    case reply_kind::integer:
      if (from.integer() == 0 || from.integer() == 1) return from.integer() == 1;
      break;
    case reply_kind::simple_string:
      if (from.text() == "OK") return true;
      break;
    default:
      break;
  }
  refuse(from, "a boolean");
}

std::string to_text(reply&& from) {
  if (from.kind() == reply_kind::integer) return std::to_string(from.integer());
  if (from.kind() == reply_kind::real) return fmt::format("{}", from.real());
  if (!is_string(from)) refuse(from, "a string");
  return std::move(from).text();
}

reply::items_type to_items(reply&& from) {
  if (from.is_nil()) return {};
  if (from.kind() == reply_kind::map) refuse(from, "an array");
  return std::move(from).items();
}

reply::items_type to_pairs(reply&& from) {
  if (from.is_nil()) return {};
  if (from.is_error()) refuse(from, "a map");
  reply::items_type items = std::move(from).items();
  if (!items.empty() && items.front().kind() == reply_kind::array) {
    reply::items_type flat;
    flat.reserve(2 * items.size());
    for (reply& each : items) {
      reply::items_type pair = std::move(each).items();
      if (pair.size() != 2) refuse_size(pair.size(), 2);
      flat.push_back(std::move(pair[0]));
      flat.push_back(std::move(pair[1]));
    }
    return flat;
  }
  if (items.size() % 2 != 0) refuse_size(items.size(), items.size() + 1);
  return items;
}

}  // namespace hocket::redis::detail
