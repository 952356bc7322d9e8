// Header fields in one buffer.
//
// Names and values stand back to back in `text_`; an entry says where. Looking a name up is a walk over the entries:
// messages have a dozen fields, and sizes differ before letters do, so that nothing hashed is faster.
// Changing or removing a field moves the text behind it: rare, and the buffer never gathers dead bytes.
// Arguments may be views of this very object (`h.add("Referer", *h.get("Location"))`), hence the copies where text moves.

#include <algorithm>
#include <limits>

#include <hocket/base/append.hpp>
#include <hocket/base/error.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/headers.hpp>

namespace hocket::http {
namespace {

// So that a message of a few fields asks for memory twice, not with each of them.
constexpr std::size_t usual_fields = 4;
constexpr std::size_t usual_size = 120;

void check_field(std::string_view name, std::string_view value) {
  if (!detail::is_token(name)) throw error("a header name is empty or has a character that no name may have");
  if (!detail::is_field_value(value)) {
    throw error("the value of header '" + std::string(name) + "' has a control character");
  }
}

}  // namespace

headers::headers(std::initializer_list<field> fields) {
  for (const auto& [name, value] : fields) add(name, value);
}

std::optional<std::string_view> headers::get(std::string_view name) const noexcept {
  for (const auto [field_name, value] : *this) {
    if (detail::equal_ignoring_case(field_name, name)) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> headers::get_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto [field_name, value] : *this) {
    if (detail::equal_ignoring_case(field_name, name)) values.push_back(value);
  }
  return values;
}

bool headers::contains_token(std::string_view name, std::string_view token) const noexcept {
  for (auto [field_name, list] : *this) {
    if (!detail::equal_ignoring_case(field_name, name)) continue;
    while (!list.empty()) {
      const auto element = list.substr(0, list.find(','));
      if (detail::equal_ignoring_case(detail::trim(element), token)) return true;
      list.remove_prefix(std::min(element.size() + 1, list.size()));
    }
  }
  return false;
}

void headers::add(std::string_view name, std::string_view value) {
  check_field(name, value);
  add_unchecked(name, detail::trim(value));
}

void headers::set(std::string_view name, std::string_view value) {
  check_field(name, value);
  value = detail::trim(value);
  const std::string kept_name(name);
  const auto has_name = [&](const entry& at) { return detail::equal_ignoring_case(view(at).name, kept_name); };

  const auto first = std::find_if(entries_.begin(), entries_.end(), has_name);
  if (first == entries_.end()) return add_unchecked(name, value);

  replace_text(first->offset + first->name_size, first->value_size, value);
  first->value_size = static_cast<std::uint32_t>(value.size());
  for (auto at = first + 1; (at = std::find_if(at, entries_.end(), has_name)) != entries_.end();) {
    replace_text(at->offset, at->name_size + at->value_size, {});
    at = entries_.erase(at);
  }
}

std::size_t headers::remove(std::string_view name) {
  const std::string kept_name(name);
  const auto before = entries_.size();
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (detail::equal_ignoring_case(view(*at).name, kept_name)) {
      replace_text(at->offset, at->name_size + at->value_size, {});
      at = entries_.erase(at);
    } else {
      ++at;
    }
  }
  return before - entries_.size();
}

void headers::add_unchecked(std::string_view name, std::string_view value) {
  const auto offset = text_.size();
  const auto needed = offset + name.size() + value.size();
  if (needed > std::numeric_limits<std::uint32_t>::max()) throw error("headers larger than 4 GiB");

  if (needed <= text_.capacity()) {
    append(text_, name, value);
  } else {
    decltype(text_) larger;
    larger.reserve(std::max({needed, 2 * text_.capacity(), usual_size}));
    append(larger, std::string_view(text_), name, value);
    text_.swap(larger);
  }
  if (entries_.capacity() == 0) entries_.reserve(usual_fields);
  entries_.push_back({static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size())});
}

void headers::clear() noexcept {
  text_.clear();
  entries_.clear();
}

// Names are never empty, so the entry whose piece this is begins before the end of the piece and stays.
void headers::replace_text(std::size_t offset, std::size_t size, std::string_view replacement) {
  if (text_.size() - size + replacement.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw error("headers larger than 4 GiB");
  }
  text_.replace(offset, size, replacement);
  for (auto& entry : entries_) {
    if (entry.offset >= offset + size)
      entry.offset = static_cast<std::uint32_t>(entry.offset - size + replacement.size());
  }
}

}  // namespace hocket::http
