#include <algorithm>
#include <array>
#include <iterator>

#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/media_type.hpp>

namespace hocket::http {
namespace {

struct known_extension {
  std::string_view extension;
  std::string_view type;
};

// In alphabetical order, for the binary search. XML and its kin carry their encoding in the document; a charset in the
// field would overrule it.
constexpr known_extension known_extensions[] = {
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"apng", "image/apng"},
    {"atom", "application/atom+xml"},
    {"avi", "video/x-msvideo"},
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"bz2", "application/x-bzip2"},
    {"css", "text/css; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"epub", "application/epub+zip"},
    {"flac", "audio/flac"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"htm", "text/html; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"ico", "image/vnd.microsoft.icon"},
    {"ics", "text/calendar; charset=utf-8"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"jsonld", "application/ld+json"},
    {"log", "text/plain; charset=utf-8"},
    {"m4a", "audio/mp4"},
    {"m4v", "video/mp4"},
    {"map", "application/json"},
    {"md", "text/markdown; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"oga", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"ogv", "video/ogg"},
    {"opus", "audio/ogg"},
    {"otf", "font/otf"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"rss", "application/rss+xml"},
    {"rtf", "application/rtf"},
    {"sgm", "text/sgml; charset=utf-8"},
    {"sgml", "text/sgml; charset=utf-8"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"text", "text/plain; charset=utf-8"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"tsv", "text/tab-separated-values; charset=utf-8"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain; charset=utf-8"},
    {"vtt", "text/vtt; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml"},
    {"xml", "application/xml"},
    {"xsl", "application/xslt+xml"},
    {"xz", "application/x-xz"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
};

constexpr bool before(const known_extension& left, std::string_view right) noexcept { return left.extension < right; }

static_assert(std::is_sorted(std::begin(known_extensions), std::end(known_extensions),
                             [](const auto& a, const auto& b) { return before(a, b.extension); }));

constexpr std::string_view unknown_type = "application/octet-stream";

constexpr std::size_t longest_extension =
    std::max_element(std::begin(known_extensions), std::end(known_extensions), [](const auto& a, const auto& b) {
      return a.extension.size() < b.extension.size();
    })->extension.size();

/// Takes the value of a parameter from the front of `rest`, quoted or not, and all up to the next semicolon.
std::string take_parameter_value(std::string_view& rest) {
  std::string value;
  if (rest.starts_with('"')) {
    rest.remove_prefix(1);
    for (; !rest.empty() && rest.front() != '"'; rest.remove_prefix(1)) {
      if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
      value.push_back(rest.front());
    }
  } else {
    value = detail::trim(rest.substr(0, rest.find(';')));
  }
  rest.remove_prefix(std::min(rest.find(';'), rest.size()));
  return value;
}

}  // namespace

media_type parse_media_type(std::string_view content_type) {
  auto rest = content_type;
  const auto essence = detail::trim(rest.substr(0, rest.find(';')));
  rest.remove_prefix(std::min(rest.find(';'), rest.size()));

  const auto slash = essence.find('/');
  if (slash == std::string_view::npos || !detail::is_token(essence.substr(0, slash)) ||
      !detail::is_token(essence.substr(slash + 1))) {
    return {};
  }

  media_type result{detail::lower_case(essence), {}};
  while (!rest.empty() && result.charset.empty()) {
    rest.remove_prefix(1);  // the semicolon
    const auto name = detail::trim(rest.substr(0, rest.find_first_of(";=")));
    rest.remove_prefix(std::min(rest.find_first_of(";="), rest.size()));
    if (!rest.starts_with('=')) continue;
    rest.remove_prefix(1);
    auto value = take_parameter_value(rest);
    if (detail::equal_ignoring_case(name, "charset") && detail::is_field_value(value))
      result.charset = std::move(value);
  }
  return result;
}

std::string_view media_type_for_path(std::string_view path) noexcept {
  const auto name = path.substr(path.find_last_of('/') + 1);  // npos + 1 is 0
  const auto dot = name.find_last_of('.');
  if (dot == std::string_view::npos || dot == 0) return unknown_type;

  const auto written = name.substr(dot + 1);
  if (written.size() > longest_extension) return unknown_type;
  std::array<char, longest_extension> lowered{};
  std::transform(written.begin(), written.end(), lowered.begin(), detail::to_lower);
  const std::string_view extension(lowered.data(), written.size());

  const auto found = std::lower_bound(std::begin(known_extensions), std::end(known_extensions), extension, before);
  return found != std::end(known_extensions) && found->extension == extension ? found->type : unknown_type;
}

}  // namespace hocket::http
