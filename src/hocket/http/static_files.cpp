// The path is made safe as text first (static_path) and opened with RESOLVE_BENEATH, so that the kernel, not we, decides what
// is below the root. A file goes out in pieces of 64 KiB, the first one together with the head.

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

constexpr std::size_t piece_size = 64 * 1024;
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

coro<void> answer_status(responder& respond, int status, headers fields = {}) {
  fields.add("Content-Type", "text/plain; charset=utf-8");
  const std::string text = fmt::format("{} {}\n", status, reason_phrase(status));
  co_await respond.send(status, std::move(fields), text);
}

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
  const auto since = asked.headers.get("If-Modified-Since");
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

coro<void> static_files::answer(const request& asked, responder& respond) const {
  if (asked.method != "GET" && asked.method != "HEAD") {
    co_await answer_status(respond, 405, field("Allow", "GET, HEAD"));
    co_return;
  }
  auto path = static_path(asked.target);
  if (!path) {
    co_await answer_status(respond, path.error());
    co_return;
  }
  auto opened = co_await as_expected(root_.open_beneath(path->empty() ? "." : *path, open_flags));
  struct stat state{};
  const int error = opened ? -opened->status(state) : opened.error().value();
  if (error != 0) {
    co_await answer_status(respond, status_for(error));
    co_return;
  }
  if (S_ISDIR(state.st_mode))
    co_await answer_directory(*opened, std::move(*path), asked, respond);
  else
    co_await answer_file(std::move(*opened), std::move(*path), asked, respond);
}

coro<void> static_files::answer_directory(const file& directory, std::string path, const request& asked,
                                          responder& respond) const {
  if (!path.empty() && path.back() != '/') {
    const std::size_t query = asked.target.find('?');
    const std::string_view rest = query == std::string_view::npos ? "" : asked.target.substr(query);
    co_await answer_status(respond, 301, field("Location", fmt::format("/{}/{}", percent_encode_path(path), rest)));
    co_return;
  }
  auto index = co_await as_expected(root_.open_beneath(path + "index.html", open_flags));
  if (index) {
    co_await answer_file(std::move(*index), path + "index.html", asked, respond);
    co_return;
  }
  const auto names = co_await to_thread(
      [&system = loop::running().io(), number = directory.number()] { return list(system, number); });
  co_await respond.send(200, field("Content-Type", "text/html; charset=utf-8"), listing_page(path, names));
}

coro<void> static_files::answer_file(file opened, std::string path, const request& asked, responder& respond) const {
  struct stat state{};
  if (opened.status(state) != 0 || !S_ISREG(state.st_mode) || path.back() == '/') {
    co_await answer_status(respond, 404);
    co_return;
  }
  const std::chrono::sys_seconds modified{std::chrono::seconds(state.st_mtim.tv_sec)};
  headers fields{{"Last-Modified", format_date(modified)}};
  if (unchanged(asked, modified)) {
    co_await respond.send(304, std::move(fields), "");
    co_return;
  }
  fields.add("Content-Type", media_type_for_path(path));
  const auto size = static_cast<std::uint64_t>(state.st_size);
  respond.begin(200, std::move(fields), size);
  if (respond.is_head() || size == 0) {
    co_await respond.finish();
    co_return;
  }
  const std::size_t buffer_size = std::min<std::uint64_t>(piece_size, size);
  const auto piece = std::make_unique_for_overwrite<char[]>(buffer_size);
  for (std::uint64_t sent = 0; sent < size;) {
    const std::size_t wanted = std::min<std::uint64_t>(buffer_size, size - sent);
    const std::size_t count = co_await opened.read({piece.get(), wanted}, static_cast<std::int64_t>(sent));
    if (count == 0) throw hocket::error("the file became shorter while it was sent");
    co_await respond.write({piece.get(), count});
    sent += count;
  }
}

}  // namespace hocket::http
