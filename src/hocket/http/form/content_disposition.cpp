#include <algorithm>
#include <vector>

#include <hocket/base/utf8.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/field/field_cursor.hpp>
#include <hocket/http/form/content_disposition.hpp>
#include <hocket/url/percent_encoding.hpp>

namespace hocket::http {
namespace {

struct parameter {
  std::string name;  // in lower case
  std::string value;
};

struct disposition {
  std::string type;
  std::vector<parameter> parameters;

  [[nodiscard]] const std::string* find(std::string_view name) const noexcept {
    const auto found =
        std::find_if(parameters.begin(), parameters.end(), [&](const auto& p) { return p.name == name; });
    return found == parameters.end() ? nullptr : &found->value;
  }
};

/// A quoted string in which a backslash stands for itself, save before a quote or another one.
std::optional<std::string> take_form_string(field_cursor& at) {
  if (!at.take('"')) return std::nullopt;
  std::string text;
  while (true) {
    text +=
        at.take_while([](char c) noexcept { return c != '"' && c != '\\' && (!detail::is_control(c) || c == '\t'); });
    if (at.take('"')) return text;
    if (!at.take('\\')) return std::nullopt;
    const bool closes_the_field = at.rest() == "\"";  // as in "C:\"
    if (!closes_the_field && at.take('"')) {
      text += '"';
    } else {
      at.take('\\');
      text += '\\';
    }
  }
}

std::optional<std::string> take_value(field_cursor& at, bool of_form) {
  return of_form && at.rest().starts_with('"') ? take_form_string(at) : at.take_parameter_value();
}

std::optional<disposition> parse(std::string_view field, bool of_form) {
  field_cursor at(field);
  at.skip_blanks();
  disposition result{detail::lower_case(at.take_token()), {}};
  if (result.type.empty()) return std::nullopt;
  for (at.skip_blanks(); !at.at_end(); at.skip_blanks()) {
    if (!at.take(';')) return std::nullopt;
    at.skip_blanks();
    if (at.at_end()) break;  // a last semicolon is common
    std::string name = detail::lower_case(at.take_token());
    at.skip_blanks();
    if (name.empty() || !at.take('=')) return std::nullopt;
    at.skip_blanks();
    auto value = take_value(at, of_form);
    if (!value || result.find(name) != nullptr) return std::nullopt;
    result.parameters.push_back({std::move(name), std::move(*value)});
  }
  return result;
}

std::string utf8_of_latin1(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      result.push_back(c);
    } else {
      result.push_back(static_cast<char>(0xc0U | byte >> 6U));
      result.push_back(static_cast<char>(0x80U | (byte & 0x3fU)));
    }
  }
  return result;
}

/// `UTF-8'en'%e2%82%ac%20rates` (RFC 8187, 3.2).
std::optional<std::string> decode_extended(std::string_view value) {
  const std::size_t first = value.find('\'');
  const std::size_t second = value.find('\'', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto charset = value.substr(0, first);
  const auto encoded = value.substr(second + 1);
  for (std::size_t at = 0; at < encoded.size(); ++at) {
    if (encoded[at] != '%') continue;
    const auto is_hex = [](char c) {
      return (c >= '0' && c <= '9') || (detail::to_lower(c) >= 'a' && detail::to_lower(c) <= 'f');
    };
    if (encoded.size() - at < 3 || !is_hex(encoded[at + 1]) || !is_hex(encoded[at + 2])) return std::nullopt;
  }
  std::string bytes = percent_decode(encoded);
  if (detail::equal_ignoring_case(charset, "UTF-8")) return is_valid_utf8(bytes) ? std::optional(bytes) : std::nullopt;
  if (detail::equal_ignoring_case(charset, "ISO-8859-1")) return utf8_of_latin1(bytes);
  return std::nullopt;
}

std::string undo_browsers_escapes(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto escape = text.substr(0, 3);
    const char meant = escape == "%22"                      ? '"'
                       : escape == "%0D" || escape == "%0d" ? '\r'
                       : escape == "%0A" || escape == "%0a" ? '\n'
                                                            : '\0';
    result.push_back(meant != '\0' ? meant : text.front());
    text.remove_prefix(meant != '\0' ? 3 : 1);
  }
  return result;
}

}  // namespace

std::optional<content_disposition> parse_content_disposition(std::string_view field) {
  auto parsed = parse(field, false);
  if (!parsed) return std::nullopt;
  content_disposition result{std::move(parsed->type), std::nullopt};
  if (const auto* plain = parsed->find("filename")) result.filename = *plain;
  if (const auto* extended = parsed->find("filename*"))
    if (auto name = decode_extended(*extended)) result.filename = std::move(name);
  return result;
}

std::optional<form_disposition> parse_form_disposition(std::string_view field) {
  const auto parsed = parse(field, true);
  if (!parsed || parsed->type != "form-data") return std::nullopt;
  const auto* name = parsed->find("name");
  if (name == nullptr) return std::nullopt;
  form_disposition result{undo_browsers_escapes(*name), std::nullopt};
  if (const auto* filename = parsed->find("filename")) result.filename = undo_browsers_escapes(*filename);
  return result;
}

std::optional<std::string> safe_filename(std::string_view filename) {
  std::string name(filename.substr(filename.find_last_of("/\\") + 1));  // npos + 1 is 0
  std::erase_if(name, detail::is_control);
  if (name.empty() || name == "." || name == "..") return std::nullopt;
  return name;
}

}  // namespace hocket::http
