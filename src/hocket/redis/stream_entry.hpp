#pragma once

#include <string>
#include <utility>
#include <vector>

#include <hocket/redis/reply.hpp>

namespace hocket::redis {

/// An entry of a stream. One that was deleted since a group's consumer got it has no fields.
struct stream_entry {
  std::string id;
  std::vector<std::pair<std::string, std::string>> fields{};

  friend bool operator==(const stream_entry&, const stream_entry&) = default;
};

template <>
struct reply_conversion<stream_entry> {
  static stream_entry from(reply&& value) {
    auto [id, fields] = std::move(value).as<std::pair<std::string, decltype(stream_entry::fields)>>();
    return {.id = std::move(id), .fields = std::move(fields)};
  }
};

}  // namespace hocket::redis
