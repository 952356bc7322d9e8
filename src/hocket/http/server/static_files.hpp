#pragma once

#include <string>

#include <hocket/core/coro.hpp>
#include <hocket/http/server/reply.hpp>
#include <hocket/http/server/request.hpp>
#include <hocket/io/file.hpp>

namespace hocket::http {

struct static_files_options {
  /// What a directory is answered by.
  std::string index = "index.html";
  /// Otherwise by a list of what is in it, up to 10,000 entries; else 404.
  bool list_directories = false;
  /// Serves and lists names that begin with a dot, too (`.git`, `.env`), which are 404 else; `.well-known` (RFC 8615) is never hidden.
  bool hidden = false;
  /// In place of a file goes, to clients that take it, one beside it that was compressed before: with `.br`, `.zst` or `.gz` at the end
  /// of its name. Costs an attempt to open each.
  bool precompressed = false;
  /// The value of Cache-Control; empty: none.
  std::string cache_control{};
};

/// Answers GET and HEAD from the files below a directory, as `file_reply` has it; a handler.
///
/// Nothing outside of the directory can be reached, neither by dots, however encoded, nor by symbolic links. Content-Type goes by the
/// extension. Counterpart: aiohttp.web.static.
class static_files {
 public:
  /// Opens `directory`. Throws std::system_error.
  [[nodiscard]] static static_files below(const std::string& directory, static_files_options options = {});

  /// The file that the path of the request names, or the part of it that its route calls `path`:
  /// `routes.get("/static/{path:path}", static_files::below("static"))`.
  [[nodiscard]] coro<reply> operator()(request& asked) const;

 private:
  static_files(file root, static_files_options options) noexcept
      : root_(std::move(root)), options_(std::move(options)) {}

  coro<reply> answer_directory(const file& directory, std::string path, request& asked) const;
  coro<reply> answer_file(file opened, std::string path, request& asked) const;

  file root_;
  static_files_options options_;
};

}  // namespace hocket::http
