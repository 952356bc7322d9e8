#pragma once

#include <string>
#include <utility>

#include <io/connected_sockets.hpp>

#include <hocket/io/open_connection.hpp>
#include <hocket/testing/memory_stream.hpp>

namespace hocket::testing {

/// A reader and a writer on one end of a connection in memory, and its other end.
struct stream_and_peer {
  stream_reader reader;
  stream_writer writer;
  byte_stream peer;
};

inline stream_and_peer connect_in_memory(memory_stream_options options = {}, std::size_t limit = default_stream_limit) {
  auto [client, server] = memory_streams(std::move(options));
  auto [reader, writer] = open_connection(std::move(client), limit);
  return {std::move(reader), std::move(writer), std::move(server)};
}

/// The same, on a connection of sockets.
inline coro<stream_and_peer> connect_streams_on_loopback(std::size_t limit = default_stream_limit) {
  auto [client, server] = co_await connect_on_loopback();
  auto [reader, writer] = open_connection(byte_stream(std::move(client)), limit);
  co_return stream_and_peer{std::move(reader), std::move(writer), byte_stream(std::move(server))};
}

inline coro<std::string> receive_to_end(byte_stream& from) {
  std::string all;
  while (auto piece = co_await from.receive()) all += piece.text();
  co_return all;
}

}  // namespace hocket::testing
