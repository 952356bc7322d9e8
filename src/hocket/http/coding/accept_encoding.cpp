#include <array>

#include <hocket/http/coding/accept_encoding.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/field/field_cursor.hpp>

namespace hocket::http {
namespace {

constexpr std::size_t coding_count = 5;

/// Weights in thousandths.
struct weights {
  std::array<std::optional<unsigned>, coding_count> named;
  std::optional<unsigned> any;  // that of `*`

  [[nodiscard]] std::optional<unsigned> of(content_coding coding) const noexcept {
    const auto& weight = named[static_cast<std::size_t>(coding)];
    return weight ? weight : any;
  }
};

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// `0.25` is 250.
std::optional<unsigned> take_qvalue(field_cursor& at) noexcept {
  const bool one = at.take('1');
  if (!one && !at.take('0')) return std::nullopt;
  unsigned thousandths = one ? 1000 : 0;
  if (!at.take('.')) return thousandths;
  const auto digits = at.take_while(is_digit);
  if (digits.size() > 3) return std::nullopt;
  unsigned worth = 100;
  for (const char digit : digits) {
    thousandths += static_cast<unsigned>(digit - '0') * worth;
    worth /= 10;
  }
  if (thousandths > 1000) return std::nullopt;
  return thousandths;
}

std::optional<unsigned> take_weight(field_cursor& at) noexcept {
  at.skip_blanks();
  if (!at.take(';')) return 1000;
  at.skip_blanks();
  if (!detail::equal_ignoring_case(at.take_token(), "q") || !at.take('=')) return std::nullopt;
  return take_qvalue(at);
}

/// Of a coding that is named twice the first counts.
std::optional<weights> parse_weights(std::string_view field) noexcept {
  weights found;
  field_cursor at(field);
  for (at.skip_empty_elements(); !at.at_end(); at.skip_empty_elements()) {
    const auto name = at.take_token();
    const auto weight = take_weight(at);
    if (name.empty() || !weight || !at.at_end_of_element()) return std::nullopt;
    const auto coding = content_coding_named(name);
    if (!coding && name != "*") continue;
    auto& place = coding ? found.named[static_cast<std::size_t>(*coding)] : found.any;
    if (!place) place = weight;
  }
  return found;
}

}  // namespace

std::optional<content_coding> negotiate_coding(std::optional<std::string_view> field,
                                               std::span<const content_coding> offered) {
  if (!field) return content_coding::identity;
  const auto liked = parse_weights(*field);
  if (!liked) return content_coding::identity;

  std::optional<content_coding> best;
  unsigned best_weight = 0;
  for (const content_coding coding : offered) {
    const unsigned weight = liked->of(coding).value_or(0);
    if (weight <= best_weight) continue;
    best = coding;
    best_weight = weight;
  }
  // `*` gives identity a weight as well, but a client that writes `*` means "compress as you like".
  const auto named = liked->named[static_cast<std::size_t>(content_coding::identity)];
  if (named && *named > best_weight) return content_coding::identity;
  if (best) return best;
  if (liked->of(content_coding::identity) == 0U) return std::nullopt;
  return content_coding::identity;
}

std::string format_accept_encoding(std::span<const content_coding> codings) {
  std::string field;
  for (const content_coding coding : codings) {
    if (!field.empty()) field += ", ";
    field += to_string(coding);
  }
  return field;
}

}  // namespace hocket::http
