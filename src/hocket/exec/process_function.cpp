// The list of functions that a worker process can run. Entries enter it while static objects are made, before `main` and in no
// order that could be told, but in the same one in every process of a program.

#include <cstring>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/exec/detail/process_message.hpp>
#include <hocket/exec/process_function.hpp>

namespace hocket {

namespace detail {

namespace {

constinit const process_entry* last_entry = nullptr;

void drop_prefix(std::string_view& text, std::string_view prefix) noexcept {
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
}

}  // namespace

process_entry::process_entry(std::string_view signature, std::string_view told_as, plain call, coroutine start) noexcept
    : signature_(signature), told_as_(told_as), call_(call), start_(start), next_(last_entry) {
  for (const process_entry* other = last_entry; other != nullptr; other = other->next_)
    if (other->signature_ == signature) ++ordinal_;
  last_entry = this;
}

const process_entry* process_entry::find(std::string_view signature, std::uint32_t ordinal) noexcept {
  for (const process_entry* entry = last_entry; entry != nullptr; entry = entry->next_)
    if (entry->ordinal_ == ordinal && entry->signature_ == signature) return entry;
  return nullptr;
}

// The text ends in "[Function = &is_prime]", with g++ in "[with auto Function = is_prime; std::string_view = ...]".
std::string_view process_entry::name() const noexcept {
  constexpr std::string_view before = "Function = ";
  std::string_view text = told_as_;
  const std::size_t begin = text.find(before);
  if (begin == std::string_view::npos) return text;
  text.remove_prefix(begin + before.size());
  text = text.substr(0, text.find(';'));
  if (text.ends_with(']')) text.remove_suffix(1);
  drop_prefix(text, "&");
  drop_prefix(text, "(anonymous namespace)::");
  return text;
}

void refuse_too_large(std::string_view what, std::size_t limit) {
  throw message_too_large(
      fmt::format("{} too large: more than {} bytes (process_pool_options::max_message_bytes)", what, limit));
}

void refuse_malformed(std::string_view what) {
  throw protocol_error(fmt::format(
      "{} of a call between processes cannot be read: is what serialises the type the same both ways?", what));
}

}  // namespace detail

process_call::process_call(const detail::process_entry& entry) : entry_(&entry), message_(detail::begin_message()) {
  detail::append_function(message_, entry);
}

}  // namespace hocket
