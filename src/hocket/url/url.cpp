#include <charconv>

#include <hocket/url/detail/special_scheme.hpp>
#include <hocket/url/detail/url_builder.hpp>
#include <hocket/url/url.hpp>

namespace hocket {

std::expected<url, url_error> url::parse(std::string_view input) { return builder::build(input, nullptr, nullptr); }

std::expected<url, url_error> url::parse(std::string_view input, const url& base) {
  return builder::build(input, &base, nullptr);
}

std::expected<url, url_error> url::parse(std::string_view input, const url& base, const query_encoder& encoder) {
  return builder::build(input, &base, &encoder);
}

bool url::is_special() const noexcept { return detail::find_special_scheme(scheme()) != nullptr; }

std::string_view url::password() const noexcept {
  const bool present = has_credentials() && href_[at_.username_end] == ':';
  return present ? part(at_.username_end + 1, at_.host_start - 1) : std::string_view();
}

std::optional<std::uint16_t> url::port() const noexcept {
  if (at_.host_end == at_.path_start || href_[at_.host_end] != ':') return std::nullopt;
  std::uint16_t value = 0;
  std::from_chars(href_.data() + at_.host_end + 1, href_.data() + at_.path_start, value);
  return value;
}

std::uint16_t url::port_or_default() const noexcept {
  if (const auto explicit_port = port()) return *explicit_port;
  const auto* special = detail::find_special_scheme(scheme());
  return special ? special->default_port : std::uint16_t{0};
}

std::string url::origin() const {
  const auto* special = detail::find_special_scheme(scheme());
  if (special == &detail::file_scheme || (!special && scheme() != "blob")) return "null";
  if (!special) {
    const auto within = parse(path());
    const bool counts = within && (within->scheme() == "http" || within->scheme() == "https");
    return counts ? within->origin() : "null";
  }
  std::string text;
  text.reserve(at_.scheme_end + 3 + host_with_port().size());
  text.append(part(0, at_.scheme_end + 3)).append(host_with_port());
  return text;
}

url url::without_fragment() const& {
  url copy;
  copy.href_.assign(href_, 0, at_.fragment_start);
  copy.at_ = at_;
  return copy;
}

url url::without_fragment() && {
  href_.resize(at_.fragment_start);
  return std::move(*this);
}

}  // namespace hocket
