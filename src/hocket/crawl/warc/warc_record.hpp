#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/io/file.hpp>
#include <hocket/loop/random_source.hpp>

namespace hocket::crawl {

/// "2026-11-30T01:02:03Z"
[[nodiscard]] std::string warc_date(std::chrono::sys_seconds when);
/// "<urn:uuid:...>", of a random number (RFC 9562, 5.4).
[[nodiscard]] std::string warc_record_id(random_source& random);

/// A record of a WARC file: what stands in one gzip member. Source: WARC 1.1 (ISO 28500:2017), 4 to 6.
class warc_record {
 public:
  explicit warc_record(std::string_view type) : head_("WARC/1.1\r\n") { add("WARC-Type", type); }
  warc_record(warc_record&&) noexcept = default;
  warc_record& operator=(warc_record&&) noexcept = default;

  /// Appends a named field. Precondition: the value has no control characters.
  void add(std::string_view name, std::string_view value);

  /// The block of the record: `begin`, then the first `middle_bytes` of a file, then `end`. Call it last, once.
  void set_block(std::string begin, file middle = {}, std::uint64_t middle_bytes = 0, std::string end = {});

  // The whole record, in this order.
  [[nodiscard]] std::string_view head() const noexcept { return head_; }  // with what the block begins with
  [[nodiscard]] file& middle() noexcept { return middle_; }
  [[nodiscard]] std::uint64_t middle_bytes() const noexcept { return middle_bytes_; }
  [[nodiscard]] std::string_view tail() const noexcept { return tail_; }  // the rest of the block, and two line ends

  [[nodiscard]] std::size_t bytes_in_memory() const noexcept { return head_.size() + tail_.size(); }

 private:
  std::string head_;
  file middle_;
  std::uint64_t middle_bytes_ = 0;
  std::string tail_;
};

/// What one exchange leaves: records that stay together.
using warc_records = std::vector<warc_record>;

[[nodiscard]] std::size_t bytes_in_memory(const warc_records& records) noexcept;

}  // namespace hocket::crawl
