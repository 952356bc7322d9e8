// The path is made safe as text first (static_path) and opened with RESOLVE_BENEATH, so that the kernel, not we, decides what
// is below the root.

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <expected>
#include <optional>
#include <ranges>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <hocket/base/error.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/http/coding/accept_encoding.hpp>
#include <hocket/http/media_type.hpp>
#include <hocket/http/server/detail/directory_listing.hpp>
#include <hocket/http/server/file_reply.hpp>
#include <hocket/http/server/static_files.hpp>
#include <hocket/http/server/static_path.hpp>
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

bool is_hidden(std::string_view name) { return name.starts_with('.') && name != ".well-known"; }

/// Of a path as `static_path` gives it.
bool leads_through_hidden(std::string_view path) {
  return std::ranges::any_of(std::views::split(path, '/'),
                             [](const auto& name) { return is_hidden(std::string_view(name.begin(), name.end())); });
}

std::vector<std::string> list(backend& system, int directory, bool with_hidden) {
  std::vector<directory_entry> entries;
  const int answer = system.read_directory(directory, entries, most_listed);
  if (answer < 0) throw std::system_error(-answer, std::system_category(), "readdir");
  if (!with_hidden) std::erase_if(entries, [](const directory_entry& entry) { return is_hidden(entry.name); });
  return detail::listed_names(entries);
}

struct compressed_form {
  content_coding coding;
  std::string_view ending;
};
constexpr std::array compressed_forms{compressed_form{content_coding::br, ".br"},
                                      compressed_form{content_coding::zstd, ".zst"},
                                      compressed_form{content_coding::gzip, ".gz"}};

bool is_regular_file(const file& one) {
  struct stat state{};
  return one.status(state) == 0 && S_ISREG(state.st_mode);
}

/// All Accept-Encoding as one list.
std::optional<std::string> accepted_codings(const request& asked) {
  std::optional<std::string> all;
  for (const std::string_view each : asked.headers().get_all("Accept-Encoding"))
    all = all ? fmt::format("{}, {}", *all, each) : std::string(each);
  return all;
}

}  // namespace

static_files static_files::below(const std::string& directory, static_files_options options) {
  const int number = loop::running().io().open_now(directory.c_str(), O_RDONLY | O_DIRECTORY, 0);
  if (number < 0) throw std::system_error(-number, std::system_category(), fmt::format("cannot serve '{}'", directory));
  return {file(io_handle(number, io_handle::made_here{})), std::move(options)};
}

coro<reply> static_files::operator()(request& asked) const {
  if (asked.method() != "GET" && asked.method() != "HEAD") throw http_error(405, {}, field("Allow", "GET, HEAD"));
  const std::optional<std::string_view> part = asked.find_parameter("path");
  auto path = static_path(part ? "/" + percent_encode_path(*part) : std::string(asked.target()));
  if (!path) throw http_error(path.error());
  if (!options_.hidden && leads_through_hidden(*path)) throw http_error(404);
  auto opened = co_await as_expected(root_.open_beneath(path->empty() ? "." : *path, open_flags));
  struct stat state{};
  const int error = opened ? opened->status(state) : opened.error().value();
  if (error != 0) throw http_error(status_for(error));
  if (S_ISDIR(state.st_mode)) co_return co_await answer_directory(*opened, std::move(*path), asked);
  co_return co_await answer_file(std::move(*opened), std::move(*path), asked);
}

coro<reply> static_files::answer_directory(const file& directory, std::string path, request& asked) const {
  if (!path.empty() && path.back() != '/') {  // so that the links of its page lead below it
    const std::string name = percent_encode_path(path.substr(path.rfind('/') + 1));
    const std::string query = asked.query().empty() ? "" : fmt::format("?{}", asked.query());
    co_return reply::redirect(fmt::format("./{}/{}", name, query), 301);  // wherever the route is
  }
  if (!options_.index.empty()) {
    auto index = co_await as_expected(root_.open_beneath(path + options_.index, open_flags));
    if (index && is_regular_file(*index))
      co_return co_await answer_file(std::move(*index), path + options_.index, asked);
    if (!index && status_for(index.error().value()) != 404) throw http_error(status_for(index.error().value()));
  }
  if (!options_.list_directories) throw http_error(404);
  const auto names = co_await to_thread([&system = loop::running().io(), number = directory.number(),
                                         hidden = options_.hidden] { return list(system, number, hidden); });
  co_return reply::html(detail::listing_page(path, names));
}

coro<reply> static_files::answer_file(file opened, std::string path, request& asked) const {
  if (path.back() == '/') throw http_error(404);  // which no file has at its end
  headers fields = field("Content-Type", media_type_for_path(path));
  if (!options_.cache_control.empty()) fields.add("Cache-Control", options_.cache_control);
  if (!options_.precompressed) co_return file_reply(asked, std::move(opened), std::move(fields));
  fields.add("Vary", "Accept-Encoding");
  std::vector<content_coding> there;
  std::vector<file> forms;
  for (const auto& [coding, ending] : compressed_forms) {
    auto form = co_await as_expected(root_.open_beneath(path + std::string(ending), open_flags));
    if (!form || !is_regular_file(*form)) continue;
    there.push_back(coding);
    forms.push_back(std::move(*form));
  }
  const auto accepted = accepted_codings(asked);
  const auto chosen = negotiate_coding(accepted, there);
  if (!chosen || *chosen == content_coding::identity) co_return file_reply(asked, std::move(opened), std::move(fields));
  fields.add("Content-Encoding", to_string(*chosen));
  const auto at = std::ranges::find(there, *chosen) - there.begin();
  co_return file_reply(asked, std::move(forms[static_cast<std::size_t>(at)]), std::move(fields));
}

}  // namespace hocket::http
