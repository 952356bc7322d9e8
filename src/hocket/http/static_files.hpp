#pragma once

#include <string>

#include <hocket/core/coro.hpp>
#include <hocket/http/server.hpp>
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

  [[nodiscard]] coro<void> answer(const request& asked, responder& respond) const;

 private:
  explicit static_files(file root) noexcept : root_(std::move(root)) {}

  coro<void> answer_directory(const file& directory, std::string path, const request& asked, responder& respond) const;
  coro<void> answer_file(file opened, std::string path, const request& asked, responder& respond) const;

  file root_;
};

}  // namespace hocket::http
