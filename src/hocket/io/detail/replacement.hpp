#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <hocket/core/coro.hpp>
#include <hocket/io/file.hpp>

namespace hocket::detail {

/// The folder that `path` stands in.
[[nodiscard]] std::string parent_of(const std::string& path);

/// A name that nobody foresees, in `folder`.
[[nodiscard]] std::string unused_path(const std::string& folder, const std::string& prefix,
                                      const std::string& suffix = {});

/// Waits until the names in `folder` are on the disk.
[[nodiscard]] coro<void> fsync_folder(std::string folder);

/// A file that is written beside another and then takes its place in one step, or vanishes when it is destroyed.
class replacement {
 public:
  struct options {
    std::optional<std::uint32_t> permissions{};  // exactly these; otherwise those of what is there
    std::uint32_t mode = 0666;                   // of what is new
  };

  /// Throws std::system_error, also if something else than a regular file is there.
  [[nodiscard]] static coro<replacement> begin(std::string path, options how);

  replacement(replacement&& other) noexcept = default;
  replacement& operator=(replacement&&) = delete;
  ~replacement();

  [[nodiscard]] file& content() noexcept { return content_; }

  /// Puts it in place. `on_disk`: what is written first, and the name at last, so that after a failure of power either the old
  /// file is there or all of the new one. Without `replace` it is EEXIST if something is there.
  [[nodiscard]] coro<void> finish(bool on_disk, bool replace = true);

 private:
  replacement(file content, std::string path, std::string temporary) noexcept
      : content_(std::move(content)), path_(std::move(path)), temporary_(std::move(temporary)) {}

  file content_;
  std::string path_;
  std::string temporary_;  // empty once it is in place
};

}  // namespace hocket::detail
