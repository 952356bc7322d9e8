#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/client/backoff.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::http {

struct download_options {
  /// Of the request.
  headers fields{};
  /// In a row, where none gets further than those before: one that does is the first of a new row. 1: nothing is asked for again.
  unsigned attempts = 5;
  backoff pause{};
  /// For all attempts and the pauses between them. Nothing: as long as bytes come.
  std::optional<duration> timeout{};
  /// Told after each piece how many bytes of the whole are there. They are fewer than before where the server's content has changed.
  function<void(std::uint64_t bytes)> on_progress{};
};

/// Writes what a URL gives to a file, in one step as `response::save_to` does, and gives how many bytes that is. Where the connection breaks, the
/// rest is asked for (Range), on condition that the content is the same (If-Range); without a strong validator, or if it is not the same, it begins
/// anew. Content codings are not asked for. The session's total does not hold for it, since nobody knows how large the
/// content is; the other time-outs do, for each attempt.
///
/// Throws `status_error` for an answer of 300 or above, `client_error` for a part that does not fit or a path to what is no file, and what `session::request` and
/// `response::save_to` throw; then the file is as it was.
[[nodiscard]] coro<std::uint64_t> download(session& by, url from, std::string path, download_options options = {});

}  // namespace hocket::http
