#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
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

/// What XAUTOCLAIM has given: entries that are the asker's now.
struct claimed_entries {
  /// Where to go on; "0-0": that were all.
  std::string next;
  std::vector<stream_entry> entries{};
  /// Ids of those that were deleted meanwhile, and wait no more. Servers before 7.0 do not tell.
  std::vector<std::string> deleted{};
};

/// What waits in a group to be acknowledged.
struct pending_summary {
  std::int64_t count = 0;
  /// The first id and the last; nothing, if nothing waits.
  std::optional<std::string> first{};
  std::optional<std::string> last{};
  /// How many wait with whom.
  std::map<std::string, std::int64_t> consumers{};
};

/// One entry that waits.
struct pending_entry {
  std::string id;
  std::string consumer;
  /// Since it was given to that one.
  std::chrono::milliseconds idle;
  /// How often it was given to anyone.
  std::int64_t deliveries;

  friend bool operator==(const pending_entry&, const pending_entry&) = default;
};

struct pending_options {
  /// Only those given to somebody so long ago at least.
  std::chrono::milliseconds idle{0};
  /// Only those of that one; empty: of all.
  std::string consumer{};
};

template <>
struct reply_conversion<stream_entry> {
  static stream_entry from(reply&& value) {
    auto [id, fields] = std::move(value).as<std::pair<std::string, decltype(stream_entry::fields)>>();
    return {.id = std::move(id), .fields = std::move(fields)};
  }
};

/// Nil where an entry was deleted (servers before 7.0) is left out.
template <>
struct reply_conversion<claimed_entries> {
  static claimed_entries from(reply&& value) {
    auto parts = std::move(value).as<std::vector<reply>>();
    if (parts.size() < 2) detail::refuse_size(parts.size(), 3);
    claimed_entries made{.next = std::move(parts[0]).as<std::string>()};
    for (reply& each : std::move(parts[1]).as<std::vector<reply>>())
      if (!each.is_nil()) made.entries.push_back(std::move(each).as<stream_entry>());
    if (parts.size() > 2) made.deleted = std::move(parts[2]).as<std::vector<std::string>>();
    return made;
  }
};

template <>
struct reply_conversion<pending_summary> {
  static pending_summary from(reply&& value) {
    using text = std::optional<std::string>;
    auto [count, first, last, consumers] = std::move(value).as<std::tuple<std::int64_t, text, text, reply>>();
    pending_summary made{.count = count, .first = std::move(first), .last = std::move(last)};
    if (!consumers.is_nil()) made.consumers = std::move(consumers).as<std::map<std::string, std::int64_t>>();
    return made;
  }
};

template <>
struct reply_conversion<pending_entry> {
  static pending_entry from(reply&& value) {
    using parts = std::tuple<std::string, std::string, std::int64_t, std::int64_t>;
    auto [id, consumer, idle, deliveries] = std::move(value).as<parts>();
    return {.id = std::move(id),
            .consumer = std::move(consumer),
            .idle = std::chrono::milliseconds(idle),
            .deliveries = deliveries};
  }
};

}  // namespace hocket::redis
