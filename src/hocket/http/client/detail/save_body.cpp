#include <optional>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>

#include <hocket/core/finally.hpp>
#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/save_body.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/range/byte_range.hpp>
#include <hocket/io/file.hpp>
#include <hocket/io/file_system.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {
namespace {

/// From `offset` on, or, without one, where the file itself is: devices and pipes have no places.
coro<std::uint64_t> write_body(response& from, file& to, std::optional<std::uint64_t> offset,
                               function<void(std::uint64_t)>& on_progress) {
  std::uint64_t saved = 0;
  for (;;) {
    const std::string_view piece = co_await from.next();
    if (piece.empty()) co_return saved;
    co_await to.write(piece, offset ? static_cast<std::int64_t>(*offset + saved) : -1);
    saved += piece.size();
    if (on_progress) on_progress(saved);
  }
}

/// What the symbolic link at `path` leads to, through others too; it need not be there. What is no link is what it is.
coro<std::string> behind_links(std::string path) {
  constexpr int most_links = 40;  // as path_resolution(7) has it
  const std::string asked_for = path;
  for (int followed = 0; followed <= most_links; ++followed) {
    const auto target = co_await as_expected(read_link(path));
    if (!target) co_return path;
    path = target->starts_with('/') ? *target : path.substr(0, path.rfind('/') + 1) + *target;
  }
  throw std::system_error(std::make_error_code(std::errc::too_many_symbolic_link_levels),
                          fmt::format("cannot write '{}'", asked_for));
}

/// A new file with the permissions of the one at `path`. Errors name what was asked for.
coro<file> make_beside(const std::string& path, std::string beside) {
  const auto there = co_await as_expected(stat(path));
  if (there && !there->is_regular())
    throw std::system_error(std::make_error_code(std::errc::invalid_argument), fmt::format("cannot write '{}'", path));
  auto made = co_await as_expected(
      file::open(std::move(beside), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, there ? 0600 : 0666));
  if (!made) throw std::system_error(made.error(), fmt::format("cannot write '{}'", path));
  // No set-user-ID on bytes of another.
  const int answer = there ? loop::running().io().fchmod(made->number(), there->permissions() & 0777) : 0;
  if (answer < 0) throw std::system_error(-answer, std::system_category(), fmt::format("cannot write '{}'", path));
  co_return std::move(*made);
}

bool is_coded(const response& answer) {
  const auto coding = answer.headers().get("Content-Encoding");
  return coding && !equal_ignoring_case(*coding, "identity");
}

}  // namespace

content_range require_rest(const response& part, std::uint64_t size) {
  if (is_coded(part)) throw client_error("the server sends a part of a compressed content, which cannot be joined");
  const auto said = parse_content_range(part.headers().get("Content-Range").value_or(""));
  if (!said || !said->range) throw client_error("the server does not say which part of the content it sends");
  if (said->range->first != size)
    throw client_error(
        fmt::format("the server sends what comes after {} bytes, and the file has {}", said->range->first, size));
  return *said;
}

coro<std::uint64_t> replace_by(std::string path, function<coro<std::uint64_t>(file&)> fill) {
  path = co_await behind_links(std::move(path));
  const std::string beside = fmt::format("{}.{:016x}.part", path, loop::running().random()());
  file made;
  bool in_place = false;
  const auto write = [&]() -> coro<std::uint64_t> {
    made = co_await make_beside(path, beside);
    const std::uint64_t saved = co_await fill(made);
    made.close();
    co_await rename(beside, path);
    in_place = true;
    co_return saved;
  };
  const auto clean_up = [&]() -> coro<void> {
    if (!in_place) static_cast<void>(co_await as_expected(remove(beside)));
  };
  co_return co_await finally(write, clean_up);
}

coro<std::uint64_t> replace_with_body(response& from, std::string path, function<void(std::uint64_t)> on_progress) {
  if (const auto there = co_await as_expected(stat(path)); there && !there->is_regular()) {
    file out = co_await file::open(path, O_WRONLY);
    co_return co_await write_body(from, out, std::nullopt, on_progress);
  }
  co_return co_await replace_by(std::move(path), [&](file& made) -> coro<std::uint64_t> {
    co_return co_await write_body(from, made, 0, on_progress);
  });
}

coro<std::uint64_t> begin_with_body(response& from, std::string path, function<void(std::uint64_t)> on_progress) {
  const auto there = co_await as_expected(stat(path));
  if (is_coded(from) || (there && (!there->is_regular() || there->size_bytes > 0)))
    co_return co_await replace_with_body(from, std::move(path), std::move(on_progress));
  file begun = co_await file::open(std::move(path), O_WRONLY | O_CREAT, 0666);
  co_return co_await write_body(from, begun, 0, on_progress);
}

coro<std::uint64_t> append_body(response& from, std::string path, function<void(std::uint64_t)> on_progress) {
  file there = co_await file::open(path, O_WRONLY | O_CREAT, 0666);
  const auto size = static_cast<std::uint64_t>(there.size());
  const auto whole = require_rest(from, size).size;
  const std::uint64_t saved = co_await write_body(from, there, size, on_progress);
  if (whole && size + saved < *whole)
    throw client_error(
        fmt::format("the server sent no more than {} of {} bytes: ask for the rest", size + saved, *whole));
  co_return saved;
}

}  // namespace hocket::http::detail
