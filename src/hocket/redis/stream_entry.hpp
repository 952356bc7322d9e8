#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <hocket/redis/reply.hpp>
#include <hocket/redis/reply_conversion.hpp>

namespace hocket::redis {

/// An entry of a stream. One that was deleted since a group's consumer got it has no fields.
struct stream_entry {
  std::string id;
  std::vector<std::pair<std::string, std::string>> fields{};

  friend bool operator==(const stream_entry&, const stream_entry&) = default;
};

/// What was read of several streams: the key of each that had any, and its entries.
using stream_entries = std::vector<std::pair<std::string, std::vector<stream_entry>>>;

struct stream_read_options {
  /// So many of each at most; 0: all.
  std::size_t count = 0;
  /// How long to wait at the server for the first one; 0: for ever. Nothing: not at all.
  std::optional<std::chrono::milliseconds> block{};
};

template <>
struct reply_conversion<stream_entry> {
  static stream_entry from(reply&& value) {
    auto [id, fields] = std::move(value).as<std::pair<std::string, decltype(stream_entry::fields)>>();
    return {.id = std::move(id), .fields = std::move(fields)};
  }
};

}  // namespace hocket::redis
