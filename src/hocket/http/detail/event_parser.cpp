#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include <hocket/http/client/client_error.hpp>
#include <hocket/http/detail/event_parser.hpp>
#include <hocket/http/detail/syntax.hpp>

namespace hocket::http::detail {
namespace {

// The longest that counts; with it a line may be longer than what it says.
constexpr std::size_t field_name_bytes = std::string_view("event: ").size();

/// Nothing of what is no number.
std::optional<std::chrono::milliseconds> read_retry(std::string_view value) {
  if (value.empty() || value.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::int64_t pause = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), pause);
  if (read.ec != std::errc()) return longest_retry;
  return std::min(std::chrono::milliseconds(pause), longest_retry);
}

}  // namespace

void event_parser::begin(std::string last_event_id) {
  decoder_ = text_decoder(encoding::utf_8);
  text_.clear();
  at_ = 0;
  seen_ = 0;
  skips_lf_ = false;
  data_.clear();
  type_.clear();
  id_ = last_event_id;
  last_id_ = std::move(last_event_id);
}

std::optional<received_event> event_parser::next() {
  while (const auto line = take_line()) {
    if (line->empty()) {
      if (auto event = dispatch()) return event;
    } else {
      take_field(*line);
      const std::size_t last_end = data_.empty() ? 0 : 1;
      if (data_.size() - last_end + type_.size() > most_bytes_)
        throw body_too_large(fmt::format("an event is larger than {} bytes", most_bytes_));
    }
  }
  return std::nullopt;
}

// A CR ends a line at once: whether a LF belongs to it will be seen.
std::optional<std::string_view> event_parser::take_line() {
  if (skips_lf_ && at_ < text_.size()) {
    skips_lf_ = false;
    if (text_[at_] == '\n') ++at_;
    seen_ = std::max(seen_, at_);
  }
  const std::size_t end = text_.find_first_of("\r\n", seen_);
  const std::size_t size = std::min(end, text_.size()) - at_;
  if (size > most_bytes_ && size - most_bytes_ > field_name_bytes)
    throw body_too_large(fmt::format("a line of an event is larger than {} bytes", most_bytes_));
  if (end == std::string::npos) {
    text_.erase(0, at_);
    at_ = 0;
    seen_ = text_.size();
    return std::nullopt;
  }
  const std::string_view line = std::string_view(text_).substr(at_, size);
  skips_lf_ = text_[end] == '\r';
  at_ = end + 1;
  seen_ = at_;
  return line;
}

void event_parser::take_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    data_.append(value).append("\n");
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.size() > most_id_bytes)
      throw body_too_large(fmt::format("the id of an event is larger than {} bytes", most_id_bytes));
    if (is_field_value(value)) id_ = value;
  } else if (name == "retry") {
    if (const auto pause = read_retry(value)) retry_ = pause;
  }
}

std::optional<received_event> event_parser::dispatch() {
  last_id_ = id_;
  std::string type = std::exchange(type_, {});
  std::string data = std::exchange(data_, {});
  if (data.empty()) return std::nullopt;
  data.pop_back();  // the last line's end
  received_event event{.data = std::move(data), .last_event_id = last_id_};
  if (!type.empty()) event.type = std::move(type);
  return event;
}

std::optional<std::chrono::milliseconds> event_parser::take_retry() noexcept { return std::exchange(retry_, {}); }

}  // namespace hocket::http::detail
