// A reply begins with a byte for its type. Behind it comes a line, which is the value of most types; of strings it is the length of the bytes that
// follow, of aggregates the number of items. What may lie in several pieces is gathered in `text_`; a line that lies in one is read where it is.
//
// A length is believed only as far as bytes have come: memory grows with them. What a reply takes is counted as it lies in memory, for an item of three
// bytes becomes many times as many.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/redis/detail/numbers.hpp>
#include <hocket/redis/detail/reply_parser.hpp>

namespace hocket::redis::detail {
namespace {

constexpr std::size_t longest_line = 64 * 1024;
constexpr std::size_t most_reserved_items = 1024;
constexpr std::size_t most_reserved_bytes = 64 * 1024;
constexpr std::size_t end_of_line = 2;      // "\r\n"
constexpr std::size_t verbatim_prefix = 4;  // "txt:"

[[noreturn]] void fail(std::string_view why) {
  throw protocol_error(fmt::format("the server has sent what is no reply of Redis: {}", why));
}

bool is_type(char byte) noexcept { return std::string_view("+-:$*_#,(!=%~>|").contains(byte); }

std::string_view without_plus(std::string_view number) noexcept {
  const bool has_sign = number.size() > 1 && number[0] == '+' && number[1] != '-';
  return has_sign ? number.substr(1) : number;
}

bool is_big_number(std::string_view text) noexcept {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

reply_kind kind_of(char type) noexcept {
  switch (type) {
    case '%':
    case '|':
      return reply_kind::map;
    case '~':
      return reply_kind::set;
    case '>':
      return reply_kind::push;
    case '!':
      return reply_kind::error;
    case '=':
      return reply_kind::verbatim_string;
    case '$':
      return reply_kind::bulk_string;
    default:
      return reply_kind::array;
  }
}

}  // namespace

std::optional<reply> reply_parser::next(std::string_view& bytes) {
  while (!bytes.empty()) {
    std::optional<reply> found;
    switch (state_) {
      case state::type:
        type_ = bytes.front();
        if (!is_type(type_)) fail("a type that there is not");
        bytes.remove_prefix(1);
        state_ = state::line;
        continue;
      case state::line: {
        const auto line = take_line(bytes);
        if (!line) return std::nullopt;
        state_ = state::type;
        found = end_line(*line);
        if (state_ == state::type) text_.clear();
        break;
      }
      case state::bytes:
        if (!take_bytes(bytes)) return std::nullopt;
        state_ = state::type;
        found = end_bytes();
        break;
    }
    if (!found) continue;
    used_ = 0;
    return found;
  }
  return std::nullopt;
}

std::optional<std::string_view> reply_parser::take_line(std::string_view& bytes) {
  const std::size_t room = longest_line + end_of_line - text_.size();
  const std::size_t found = bytes.substr(0, room).find('\n');
  if (found == std::string_view::npos) {
    if (bytes.size() >= room) fail("a line longer than 64 KiB");
    text_ += bytes;
    bytes = {};
    return std::nullopt;
  }
  std::string_view line = bytes.substr(0, found + 1);
  bytes.remove_prefix(found + 1);
  if (!text_.empty()) {
    text_ += line;
    line = text_;
  }
  if (!line.ends_with("\r\n")) fail("a line that ends without CR");
  line.remove_suffix(end_of_line);
  if (line.contains('\r')) fail("CR in a line");
  return line;
}

bool reply_parser::take_bytes(std::string_view& bytes) {
  const std::size_t taken = std::min(left_, bytes.size());
  text_ += bytes.substr(0, taken);
  bytes.remove_prefix(taken);
  left_ -= taken;
  return left_ == 0;
}

std::optional<reply> reply_parser::end_line(std::string_view line) {
  switch (type_) {
    case '+':
      charge(line.size());
      return complete(reply(reply_kind::simple_string, std::string(line)));
    case '-':
      charge(line.size());
      return complete(reply(reply_kind::error, std::string(line)));
    case ':':
      if (const auto value = parse_integer<std::int64_t>(without_plus(line))) return complete(reply(*value));
      fail("an integer that is none");
    case '_':
      if (line.empty()) return complete(reply());
      fail("a nil that has a value");
    case '#':
      if (line == "t" || line == "f") return complete(reply(line == "t"));
      fail("a boolean that is none");
    case ',':
      if (const auto value = parse_real(without_plus(line))) return complete(reply(*value));
      fail("a double that is none");
    case '(':
      if (!is_big_number(line)) fail("a big number that is none");
      charge(line.size());
      return complete(reply(reply_kind::big_number, std::string(line)));
    case '$':
    case '!':
    case '=':
      if (type_ == '$' && line == "-1") return complete(reply());
      begin_bytes(line);
      return std::nullopt;
    default:
      if (type_ == '*' && line == "-1") return complete(reply());
      return begin_aggregate(line);
  }
}

std::size_t reply_parser::length_of(std::string_view digits) const {
  const auto length = parse_integer<std::uint64_t>(digits);
  if (!length) fail("a length that is none");
  return *length;
}

void reply_parser::charge(std::size_t bytes) {
  if (bytes > limits_.max_reply_bytes - used_) throw protocol_error("the server's reply is larger than allowed");
  used_ += bytes;
}

void reply_parser::begin_bytes(std::string_view length) {
  const std::size_t size = length_of(length);
  if (size > limits_.max_string_bytes) throw protocol_error("the server's reply has a string longer than allowed");
  charge(size);
  left_ = size + end_of_line;
  text_.clear();
  text_.reserve(std::min(left_, most_reserved_bytes));
  state_ = state::bytes;
}

std::optional<reply> reply_parser::end_bytes() {
  if (!text_.ends_with("\r\n")) fail("a string that ends behind its length");
  text_.resize(text_.size() - end_of_line);
  reply made;
  if (type_ == '=') {
    if (text_.size() < verbatim_prefix || text_[verbatim_prefix - 1] != ':') fail("a verbatim string without a format");
    made = reply(reply_kind::verbatim_string, text_.substr(verbatim_prefix));
    made.set_format(std::string_view(text_).substr(0, verbatim_prefix - 1));
    text_.clear();
  } else {
    made = reply(kind_of(type_), std::exchange(text_, {}));
  }
  return complete(std::move(made));
}

std::optional<reply> reply_parser::begin_aggregate(std::string_view length) {
  std::size_t size = length_of(length);
  const bool has_pairs = type_ == '%' || type_ == '|';
  if (size > limits_.max_items / (has_pairs ? 2 : 1))
    throw protocol_error("the server's reply has more items than allowed");
  if (has_pairs) size *= 2;
  if (type_ == '>' && !open_.empty()) fail("a push within a reply");
  if (type_ == '>' && size == 0) fail("a push of nothing");
  if (open_.size() >= limits_.max_depth) throw protocol_error("the server's reply is nested deeper than allowed");
  const bool is_attribute = type_ == '|';
  auto own = is_attribute ? std::nullopt : std::exchange(pending(), std::nullopt);
  open_.push_back({.kind = kind_of(type_), .is_attribute = is_attribute, .left = size});
  open_.back().own = std::move(own);
  if (size > 0) {
    open_.back().items.reserve(std::min(size, most_reserved_items));
    return std::nullopt;
  }
  return close_aggregates();
}

std::optional<reply> reply_parser::complete(reply value) {
  charge(sizeof(reply));
  if (auto& said = pending()) {
    value.set_attributes(std::move(*said));
    said.reset();
  }
  if (open_.empty()) return value;
  open_.back().items.push_back(std::move(value));
  --open_.back().left;
  return close_aggregates();
}

// Those that are complete, from the innermost outward.
std::optional<reply> reply_parser::close_aggregates() {
  while (open_.back().left == 0) {
    aggregate done = std::move(open_.back());
    open_.pop_back();
    charge(sizeof(reply));
    if (done.is_attribute) {
      pending() = std::move(done.items);
      return std::nullopt;
    }
    reply made(done.kind, std::move(done.items));
    if (done.own) made.set_attributes(std::move(*done.own));
    if (open_.empty()) return made;
    open_.back().items.push_back(std::move(made));
    --open_.back().left;
  }
  return std::nullopt;
}

}  // namespace hocket::redis::detail
