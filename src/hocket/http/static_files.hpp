#pragma once

#include <string>

#include <hocket/core/coro.hpp>
#include <hocket/http/reply.hpp>
#include <hocket/http/request.hpp>
#include <hocket/io/file.hpp>

namespace hocket::http {

/// Answers GET and HEAD from the files below a directory; a handler for `server`.
///
/// A directory is answered by its `index.html`, or else by a list of what is in it. Nothing outside of the directory can be
/// reached, neither by dots, however encoded, nor by symbolic links. If-Modified-Since is honoured.
class static_files {
 public:
  /// Opens `directory`. Throws std::system_error.
  [[nodiscard]] static static_files below(const std::string& directory);

  [[nodiscard]] coro<reply> answer(request& asked) const;

 private:
  explicit static_files(file root) noexcept : root_(std::move(root)) {}

  coro<reply> answer_directory(const file& directory, std::string path, const request& asked) const;

  file root_;
};

}  // namespace hocket::http
