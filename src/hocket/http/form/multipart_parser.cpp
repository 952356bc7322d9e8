// The delimiter is the line end, two dashes and the boundary. Only its first byte is a CR, so that a match which fails
// can begin anew nowhere but at the byte that broke it, and what has matched so far need not be kept: it is the front
// of the delimiter itself.
//
// At the very beginning, and right behind the head of a part, the line end of a delimiter may have come already: there
// the match begins with two bytes that count as matched and are no data.

#include <algorithm>

#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/field/field_cursor.hpp>
#include <hocket/http/form/multipart_parser.hpp>

namespace hocket::http {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t longest_boundary = 70;
constexpr std::size_t longest_padding = 256;

constexpr bool is_boundary(std::string_view text) noexcept {
  return !text.empty() && text.size() <= longest_boundary && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return detail::is_alphanumeric(c) || std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
         });
}

}  // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
  field_cursor at(content_type);
  at.skip_blanks();
  if (!detail::equal_ignoring_case(at.take_token(), "multipart") || !at.take('/') || at.take_token().empty())
    return std::nullopt;
  std::optional<std::string> boundary;
  while (!at.at_end()) {
    at.skip_blanks();
    if (at.at_end()) break;
    if (!at.take(';')) return std::nullopt;
    at.skip_blanks();
    const auto name = at.take_token();
    if (name.empty()) continue;
    if (!at.take('=')) return std::nullopt;
    auto value = at.take_parameter_value();
    if (!value) return std::nullopt;
    if (!detail::equal_ignoring_case(name, "boundary")) continue;
    if (boundary) return std::nullopt;  // which of them counts others may see otherwise
    boundary = std::move(value);
  }
  if (boundary && !is_boundary(*boundary)) return std::nullopt;
  return boundary;
}

multipart_parser::multipart_parser(std::string_view boundary, multipart_limits limits)
    : limits_(limits), matched_(line_end.size()), unreal_(line_end.size()) {
  if (!is_boundary(boundary)) throw error("that is no boundary of a multipart content");
  delimiter_.append(line_end).append("--").append(boundary);
}

multipart_event multipart_parser::next(std::string_view& input) {
  using enum multipart_event::kind;
  const std::size_t size = input.size();
  multipart_event event;
  do {
    switch (state_) {
      case state::preamble:
        event = take_preamble(input);
        break;
      case state::delimiter:
      case state::padding:
      case state::line_end:
      case state::dash:
        event = take_behind_delimiter(input);
        break;
      case state::head:
        event = take_head(input);
        break;
      case state::data:
        event = take_data(input);
        break;
      case state::epilogue:
        take_epilogue(input);
        break;
    }
  } while (event.what == need_input && !input.empty());
  count(size - input.size());
  return event;
}

void multipart_parser::finish() const {
  if (state_ != state::epilogue) throw multipart_error("the multipart content is cut short");
}

/// With a match that was begun by input before. Returns whether the delimiter is complete, or may still become so: then
/// all input is consumed. Otherwise nothing is.
bool multipart_parser::go_on_matching(std::string_view& input) {
  const auto expected = std::string_view(delimiter_).substr(matched_);
  const std::size_t size = std::min(expected.size(), input.size());
  if (expected.substr(0, size) != input.substr(0, size)) return false;
  matched_ += size;
  input.remove_prefix(size);
  return true;
}

multipart_event multipart_parser::take_preamble(std::string_view& input) {
  const std::size_t before = input.size();
  if (matched_ > 0 && !go_on_matching(input)) matched_ = 0;
  while (matched_ == 0 && !input.empty()) {
    input.remove_prefix(std::min(input.find('\r'), input.size()));
    const std::size_t size = std::min(delimiter_.size(), input.size());
    if (std::string_view(delimiter_).substr(0, size) == input.substr(0, size)) {
      matched_ = size;
      input.remove_prefix(size);
    } else {
      input.remove_prefix(1);
    }
  }
  skipped_ += before - input.size();
  if (skipped_ > limits_.preamble_bytes + delimiter_.size())
    throw multipart_too_large("too much stands before the first part");
  if (matched_ == delimiter_.size()) {
    state_ = state::delimiter;
    skipped_ = 0;
  }
  return {};
}

/// Two dashes end it all; blanks and a line end begin a part. Anything else would be a line that only begins like a
/// delimiter.
multipart_event multipart_parser::take_behind_delimiter(std::string_view& input) {
  using enum multipart_event::kind;
  if (input.empty()) return {};
  const char c = input.front();
  input.remove_prefix(1);
  if (state_ == state::dash) {
    if (c != '-') throw multipart_error("a delimiter is followed by what does not belong to it");
    state_ = state::epilogue;
    skipped_ = 0;
    return {end};
  }
  if (state_ == state::line_end) {
    if (c != '\n') throw multipart_error("a delimiter does not end in CRLF");
    begin_part();
    return {};
  }
  if (c == '-' && state_ == state::delimiter) {
    state_ = state::dash;
  } else if (c == '\r') {
    state_ = state::line_end;
  } else if (c == ' ' || c == '\t') {
    state_ = state::padding;
    if (++skipped_ > longest_padding) throw multipart_too_large("a delimiter is too long");
  } else {
    throw multipart_error("a delimiter is followed by what does not belong to it");
  }
  return {};
}

void multipart_parser::begin_part() {
  if (parts_ == limits_.parts) throw multipart_too_large("there are too many parts");
  ++parts_;
  state_ = state::head;
  head_.clear();
  fields_.clear();
}

multipart_event multipart_parser::take_head(std::string_view& input) {
  while (!input.empty()) {
    const auto line = input.substr(0, input.find('\n'));
    const std::size_t size = std::min(line.size() + 1, input.size());
    if (head_.size() + size > limits_.head_bytes) throw multipart_too_large("the head of a part is too large");
    head_.append(input.substr(0, size));
    input.remove_prefix(size);
    if (head_ != line_end && !head_.ends_with("\r\n\r\n")) continue;
    parse_head();
    state_ = state::data;
    matched_ = unreal_ = line_end.size();
    return {multipart_event::kind::part_head};
  }
  return {};
}

void multipart_parser::parse_head() {
  std::string_view rest(head_);
  while (true) {
    const std::size_t end = rest.find(line_end);
    if (end == 0) return;
    parse_line(rest.substr(0, end));
    rest.remove_prefix(end + line_end.size());
  }
}

void multipart_parser::parse_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  const auto name = line.substr(0, colon);
  if (colon == std::string_view::npos || !detail::is_token(name))
    throw multipart_error("the head of a part has a line that is no field");
  const auto value = line.substr(colon + 1);
  if (!detail::is_field_value(value)) throw multipart_error("a field of a part has a control character");
  if (fields_.size() == limits_.fields_per_part) throw multipart_too_large("a part has too many fields");
  fields_.add_unchecked(name, detail::trim(value));
}

multipart_event multipart_parser::take_data(std::string_view& input) {
  using enum multipart_event::kind;
  if (matched_ > 0) {
    if (input.empty()) return {};
    if (go_on_matching(input)) return matched_ == delimiter_.size() ? end_part() : multipart_event{};
    const auto data = std::string_view(delimiter_).substr(unreal_, matched_ - unreal_);
    matched_ = unreal_ = 0;
    if (!data.empty()) return {part_data, data};
  }
  std::size_t size = 0;  // of the data in the input
  while (true) {
    size = std::min(input.find('\r', size), input.size());
    const std::size_t comparable = std::min(delimiter_.size(), input.size() - size);
    if (std::string_view(delimiter_).substr(0, comparable) == input.substr(size, comparable)) {
      matched_ = comparable;
      break;
    }
    ++size;
  }
  const auto data = input.substr(0, size);
  if (!data.empty() && matched_ == delimiter_.size()) matched_ = 0;  // met again by the next call
  input.remove_prefix(size + matched_);
  if (!data.empty()) return {part_data, data};
  return matched_ == delimiter_.size() ? end_part() : multipart_event{};
}

multipart_event multipart_parser::end_part() {
  state_ = state::delimiter;
  skipped_ = 0;
  return {multipart_event::kind::part_end};
}

void multipart_parser::take_epilogue(std::string_view& input) {
  skipped_ += input.size();
  if (skipped_ > limits_.epilogue_bytes) throw multipart_too_large("too much follows the last part");
  input = {};
}

void multipart_parser::count(std::size_t bytes) {
  total_ += bytes;
  if (total_ > limits_.total_bytes) throw multipart_too_large("the multipart content is too large");
}

}  // namespace hocket::http
