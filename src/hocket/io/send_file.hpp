#pragma once

#include <cstdint>
#include <optional>

#include <hocket/core/coro.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/file.hpp>

namespace hocket {

struct send_file_options {
  std::uint64_t offset = 0;
  /// In bytes; nothing: what is there from `offset` on when it begins.
  std::optional<std::uint64_t> length{};
  /// Told how many bytes the stream has taken so far, whether it ends well or throws.
  std::uint64_t* sent_bytes = nullptr;
};

/// Sends what is in a file, and gives how many bytes that is. Both must stay alive. The file's own position stays where it is.
///
/// To a socket the bytes go through a pipe, and never come to the program (splice(2)); through a layer, as TLS, they are read and
/// sent. A file that becomes shorter meanwhile is a hocket::error that says how much was sent of how much: the peer waits for the
/// rest, so close the stream. As with `send_all`, the stream is of no further use once this has thrown (also `cancelled`).
/// Counterpart: loop.sendfile, aiofiles.os.sendfile.
[[nodiscard]] coro<std::uint64_t> send_file(file& from, byte_stream& to, send_file_options options = {});

}  // namespace hocket
