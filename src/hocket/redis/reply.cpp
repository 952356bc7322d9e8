#include <string>

#include <hocket/redis/redis_error.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/reply_conversion.hpp>

namespace hocket::redis {

std::string_view name_of(reply_kind kind) noexcept {
  switch (kind) {
    case reply_kind::nil:
      return "nil";
    case reply_kind::boolean:
      return "a boolean";
    case reply_kind::integer:
      return "an integer";
    case reply_kind::real:
      return "a double";
    case reply_kind::big_number:
      return "a big number";
    case reply_kind::simple_string:
      return "a simple string";
    case reply_kind::bulk_string:
      return "a bulk string";
    case reply_kind::verbatim_string:
      return "a verbatim string";
    case reply_kind::array:
      return "an array";
    case reply_kind::map:
      return "a map";
    case reply_kind::set:
      return "a set";
    case reply_kind::push:
      return "a push";
    case reply_kind::error:
      return "an error";
  }
  return "";
}

bool reply::boolean() const {
  if (const auto* value = std::get_if<bool>(&value_)) return *value;
  detail::refuse(*this, "a boolean");
}

std::int64_t reply::integer() const {
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return *value;
  detail::refuse(*this, "an integer");
}

double reply::real() const {
  if (const auto* value = std::get_if<double>(&value_)) return *value;
  detail::refuse(*this, "a double");
}

const std::string& reply::text() const& {
  if (const auto* value = std::get_if<std::string>(&value_)) return *value;
  detail::refuse(*this, "a string");
}

std::string reply::text() && {
  if (auto* value = std::get_if<std::string>(&value_)) return std::move(*value);
  detail::refuse(*this, "a string");
}

const reply::items_type& reply::items() const& {
  if (const auto* value = std::get_if<items_type>(&value_)) return *value;
  detail::refuse(*this, "an array");
}

reply::items_type reply::items() && {
  if (auto* value = std::get_if<items_type>(&value_)) return std::move(*value);
  detail::refuse(*this, "an array");
}

std::string_view reply::code() const noexcept {
  if (!is_error()) return {};
  const std::string_view text = *std::get_if<std::string>(&value_);
  return text.substr(0, text.find(' '));
}

std::string_view reply::format() const noexcept {
  return kind_ == reply_kind::verbatim_string ? std::string_view(format_, sizeof(format_)) : std::string_view();
}

const reply::items_type& reply::attributes() const noexcept {
  static const items_type none;
  return attributes_ == nullptr ? none : *attributes_;
}

void reply::raise_for_error() const {
  if (is_error()) throw response_error(text());
}

}  // namespace hocket::redis
