#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/http/server/request.hpp>
#include <hocket/io/temporary.hpp>
#include <hocket/url/form_urlencoded.hpp>

namespace hocket::http {

/// A file that came with a form; removed when this is destroyed, unless it is kept.
struct received_file {
  std::string name;      ///< of the field
  std::string filename;  ///< as the client calls it: see `safe_filename` before it becomes a name of yours
  std::string content_type;
  std::uint64_t size_bytes;
  named_temporary_file on_disk;  ///< closed; for its owner only

  [[nodiscard]] const std::string& path() const noexcept { return on_disk.path(); }
  /// Leaves it where it is, and gives its path: to be renamed to its place, on the same file system.
  [[nodiscard]] std::string keep() noexcept { return on_disk.keep(); }
};

/// A form that came with a request. Counterpart: what aiohttp.web.Request.post gives.
struct received_form {
  std::vector<form_field> fields{};  ///< in order; names may occur several times; bytes, which should be UTF-8
  std::vector<received_file> files{};

  /// The value of the first field of that name.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
  /// The same. Throws `http_error` 400 if there is none.
  [[nodiscard]] std::string_view require(std::string_view name) const;
  /// The first file of the field of that name, or null.
  [[nodiscard]] received_file* file(std::string_view name) noexcept;
};

/// More is 413.
struct form_limits {
  std::size_t parts = 1000;  // fields and files
  std::size_t files = 100;
  std::size_t field_bytes = 64 * 1024;     // of a value
  std::size_t memory_bytes = 1024 * 1024;  // of all fields, and of the names of files
  std::uint64_t file_bytes = 32 << 20;     // of a file
  std::uint64_t total_bytes = 64 << 20;    // of the body; not the server's `max_body_bytes`
  /// The folder for files; empty: that for temporary files.
  std::string directory{};
};

/// Reads the form that a request brings, `application/x-www-form-urlencoded` or `multipart/form-data`: fields into memory, files to disk
/// while they arrive. A field for a file that the user left empty is left out.
///
/// Throws `http_error` 400 (malformed), 413 (over a limit), 415 (another type, or with a content coding), 408 and what `request::next` throws,
/// std::system_error of the disk, `cancelled`; no file is left then.
/// Source: RFC 7578; WHATWG HTML, 4.10.21.
[[nodiscard]] coro<received_form> read_form(request& asked, form_limits limits = {});

}  // namespace hocket::http
