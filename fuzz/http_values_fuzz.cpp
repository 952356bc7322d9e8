// Input: the value of a field or a request target, for the parsers of dates, media types and static paths.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <hocket/http/date.hpp>
#include <hocket/http/media_type.hpp>
#include <hocket/http/server/static_path.hpp>

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

void check_date(std::string_view text) {
  using namespace std::chrono;
  const sys_seconds now = sys_days{year{2025} / January / 1};
  if (const auto date = hocket::http::parse_date(text, now)) {
    check(hocket::http::parse_date(hocket::http::format_date(*date), now) == date);
  }
}

void check_media_type(std::string_view text) {
  const auto type = hocket::http::parse_media_type(text);
  check(type.essence.empty() ? type.charset.empty() : type.essence.find('/') != std::string::npos);
  check(!hocket::http::media_type_for_path(text).empty());
}

void check_static_path(std::string_view target) {
  const auto path = hocket::http::static_path(target);
  if (!path) return check(path.error() == 400 || path.error() == 404);
  const auto enclosed = "/" + *path + "/";
  check(!path->starts_with('/'));
  check(enclosed.find("/../") == std::string::npos && enclosed.find("/./") == std::string::npos);
  check(path->find("//") == std::string::npos && path->find('\\') == std::string::npos);
  check(path->find('\0') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_date(text);
  check_media_type(text);
  check_static_path(text);
  return 0;
}
