// robots.txt of anybody: the URL is the first line, the file the rest. How lines end changes nothing, nor does what is said to others.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <hocket/crawl/robots.hpp>

using hocket::crawl::robots;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t end = all.find('\n');
  if (end == std::string_view::npos) return 0;
  const auto where = hocket::url::parse("http://example.org/" + std::string(all.substr(0, end)));
  if (!where) return 0;
  const std::string text(all.substr(end + 1));
  const robots rules = robots::parse(text, "me");
  const bool allowed = rules.allows(*where);

  if (text.size() + 100 > robots::max_size) return 0;
  std::string other = text;
  for (std::size_t at = 0; (at = other.find('\n', at)) != std::string::npos; at += 1) other[at] = '\r';
  if (robots::parse(other, "me").allows(*where) != allowed) __builtin_trap();
  if (robots::parse(text + "\nDisallow:\nUser-agent: you\nDisallow: /\nAllow: /a", "me").allows(*where) != allowed)
    __builtin_trap();
  return 0;
}
