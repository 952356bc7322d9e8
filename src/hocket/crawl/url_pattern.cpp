// libc's matcher and not std::regex, which recurses once for each character and so ends the program on a long URL.

#include <algorithm>

#include <fmt/format.h>
#include <regex.h>

#include <hocket/base/error.hpp>
#include <hocket/crawl/url_pattern.hpp>

namespace hocket::crawl {

struct url_pattern::compiled {
  regex_t expression{};
  compiled() = default;
  compiled(const compiled&) = delete;
  ~compiled() { ::regfree(&expression); }
};

url_pattern::url_pattern(const std::string& expression) {
  auto made = std::make_shared<compiled>();
  const int problem = ::regcomp(&made->expression, expression.c_str(), REG_EXTENDED | REG_NOSUB);
  if (problem != 0) {
    std::string why(256, '\0');
    why.resize(::regerror(problem, &made->expression, why.data(), why.size()) - 1);
    throw error(fmt::format("'{}' is no regular expression: {}", expression, why));
  }
  compiled_ = std::move(made);
}

bool url_pattern::matches(const url& where) const {
  return ::regexec(&compiled_->expression, where.href().c_str(), 0, nullptr, 0) == 0;
}

bool matches_any(const std::vector<url_pattern>& patterns, const url& where) {
  return std::ranges::any_of(patterns, [&where](const url_pattern& each) { return each.matches(where); });
}

}  // namespace hocket::crawl
