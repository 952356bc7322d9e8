#include <algorithm>

#include <dirent.h>
#include <fmt/format.h>

#include <hocket/http/server/detail/directory_listing.hpp>
#include <hocket/http/server/error_pages.hpp>
#include <hocket/http/server/static_path.hpp>
#include <hocket/url/percent_encoding.hpp>

namespace hocket::http::detail {

// A backslash or a line end: no target leads there.
static bool can_be_asked_for(const std::string& name) {
  return static_path("/" + percent_encode_path(name)).has_value();
}

std::vector<std::string> listed_names(const std::vector<directory_entry>& entries) {
  std::vector<std::string> names;
  for (const directory_entry& entry : entries)
    if (can_be_asked_for(entry.name)) names.push_back(entry.type == DT_DIR ? entry.name + "/" : entry.name);
  std::ranges::sort(names);
  return names;
}

std::string listing_page(std::string_view path, const std::vector<std::string>& names) {
  const std::string title = escape_html(fmt::format("/{}", path));
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title>\n<h1>{0}</h1>\n<ul>\n", title);
  if (!path.empty()) page += "<li><a href=\"../\">../</a></li>\n";
  for (const std::string& name : names)
    page += fmt::format("<li><a href=\"./{}\">{}</a></li>\n", percent_encode_path(name), escape_html(name));
  return page + "</ul>\n</html>\n";
}

}  // namespace hocket::http::detail
