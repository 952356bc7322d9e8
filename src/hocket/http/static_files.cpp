// The path is made safe as text first (static_path) and opened with RESOLVE_BENEATH, so that the kernel, not we, decides what
// is below the root.

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <expected>
#include <memory>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <hocket/base/error.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/http/date.hpp>
#include <hocket/http/media_type.hpp>
#include <hocket/http/static_files.hpp>
#include <hocket/http/static_path.hpp>
#include <hocket/http/status.hpp>
#include <hocket/url/percent_encoding.hpp>

namespace hocket::http {
namespace {

constexpr std::size_t most_listed = 10'000;
constexpr int open_flags = O_RDONLY | O_NONBLOCK;  // a FIFO must not make us wait

int status_for(int error) noexcept {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EXDEV:  // a symbolic link that leads out
    case ELOOP:
    case ENXIO:
    case ENAMETOOLONG:
      return 404;
    case EACCES:
    case EPERM:
      return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return 503;
    default:
      return 500;
  }
}

// Field lists are made outside of co_await expressions, where g++ 12 cannot have them (array used as initializer).
headers field(std::string_view name, std::string_view value) { return {{name, value}}; }

reply status_reply(int status, headers fields = {}) { return reply::error(http_error(status, {}, std::move(fields))); }

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

/// Names of the entries, sorted, directories with a slash, without those that begin with a dot.
std::vector<std::string> listed_names(const std::vector<directory_entry>& entries) {
  std::vector<std::string> names;
  for (const directory_entry& entry : entries)
    if (!entry.name.starts_with('.')) names.push_back(entry.type == DT_DIR ? entry.name + "/" : entry.name);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> list(backend& system, int directory) {
  std::vector<directory_entry> entries;
  const int answer = system.read_directory(directory, entries, most_listed);
  if (answer < 0) throw std::system_error(-answer, std::system_category(), "readdir");
  return listed_names(entries);
}

std::string listing_page(const std::string& path, const std::vector<std::string>& names) {
  const std::string title = escape_html("/" + path);
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title>\n<h1>{0}</h1>\n<ul>\n", title);
  if (!path.empty()) page += "<li><a href=\"../\">../</a></li>\n";
  for (const std::string& name : names)
    page += fmt::format("<li><a href=\"./{}\">{}</a></li>\n", percent_encode_path(name), escape_html(name));
  return page + "</ul>\n</html>\n";
}

bool unchanged(const request& asked, std::chrono::sys_seconds modified) {
  const auto since = asked.headers().get("If-Modified-Since");
  if (!since) return false;
  const auto date = parse_date(*since, modified);
  return date && modified <= *date;
}

}  // namespace

static_files static_files::below(const std::string& directory) {
  const int number = loop::running().io().open_now(directory.c_str(), O_RDONLY | O_DIRECTORY, 0);
  if (number < 0) throw std::system_error(-number, std::system_category(), fmt::format("cannot serve '{}'", directory));
  return static_files(file(io_handle(number, io_handle::made_here{})));
}

static reply answer_file(file opened, const std::string& path, const request& asked) {
  struct stat state{};
  if (opened.status(state) != 0 || !S_ISREG(state.st_mode) || path.back() == '/') return status_reply(404);
  const std::chrono::sys_seconds modified{std::chrono::seconds(state.st_mtim.tv_sec)};
  reply given{.headers = field("Last-Modified", format_date(modified))};
  if (unchanged(asked, modified)) {
    given.status = 304;
    return given;
  }
  given.headers.add("Content-Type", media_type_for_path(path));
  given.body = body::of_file(std::move(opened), 0, static_cast<std::uint64_t>(state.st_size));
  return given;
}

coro<reply> static_files::answer(request& asked) const {
  if (asked.method() != "GET" && asked.method() != "HEAD") co_return status_reply(405, field("Allow", "GET, HEAD"));
  auto path = static_path(asked.target());
  if (!path) co_return status_reply(path.error());
  auto opened = co_await as_expected(root_.open_beneath(path->empty() ? "." : *path, open_flags));
  struct stat state{};
  const int error = opened ? -opened->status(state) : opened.error().value();
  if (error != 0) co_return status_reply(status_for(error));
  if (S_ISDIR(state.st_mode)) co_return co_await answer_directory(*opened, std::move(*path), asked);
  co_return answer_file(std::move(*opened), *path, asked);
}

coro<reply> static_files::answer_directory(const file& directory, std::string path, const request& asked) const {
  if (!path.empty() && path.back() != '/') {
    const std::string query = asked.query().empty() ? "" : fmt::format("?{}", asked.query());
    co_return status_reply(301, field("Location", fmt::format("/{}/{}", percent_encode_path(path), query)));
  }
  auto index = co_await as_expected(root_.open_beneath(path + "index.html", open_flags));
  if (index) co_return answer_file(std::move(*index), path + "index.html", asked);
  const auto names = co_await to_thread(
      [&system = loop::running().io(), number = directory.number()] { return list(system, number); });
  co_return reply::html(listing_page(path, names));
}

}  // namespace hocket::http
