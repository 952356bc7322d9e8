#include "seeds.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include <hocket/url/without_user.hpp>

#include "command.hpp"

namespace hocket::app {

static std::string_view trimmed(std::string_view line) {
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

url parse_seed(std::string_view text, const std::string& where) {
  auto parsed = url::parse(text);
  if (!parsed && parsed.error() != url_error::no_scheme)
    throw failure(fmt::format("{}not a valid URL: '{}' ({})", where, without_user(text), describe(parsed.error())),
                  wrong_usage);
  if (!parsed) throw failure(fmt::format("{}not an http(s) URL: '{}'", where, without_user(text)), wrong_usage);
  if (parsed->scheme() != "http" && parsed->scheme() != "https")
    throw failure(fmt::format("{}not an http(s) URL: '{}'", where,
                              parsed->has_host() ? without_user(*parsed) : without_user(text)),
                  wrong_usage);
  return std::move(*parsed);
}

std::vector<url> read_seeds(const std::string& path) {
  errno = 0;
  std::ifstream file(path);
  if (!file) throw failure(fmt::format("cannot open seeds file '{}': {}", path, std::strerror(errno)), wrong_usage);
  std::vector<url> seeds;
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    std::string_view text = line;
    if (number == 1 && text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    text = trimmed(text);
    if (!text.empty() && text.front() != '#') seeds.push_back(parse_seed(text, fmt::format("{}:{}: ", path, number)));
  }
  if (file.bad())
    throw failure(fmt::format("cannot read seeds file '{}': {}", path, std::strerror(errno)), wrong_usage);
  if (seeds.empty()) throw failure(fmt::format("seeds file '{}' holds no URL", path), wrong_usage);
  return seeds;
}

}  // namespace hocket::app
