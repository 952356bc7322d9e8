#include <fmt/format.h>

#include <hocket/crawl/warc/warc_record.hpp>

namespace hocket::crawl {

std::string warc_date(std::chrono::sys_seconds when) {
  const auto day = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(when - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

std::string warc_record_id(random_source& random) {
  constexpr std::uint64_t version_mask = 0xF000;
  constexpr std::uint64_t version_4 = 0x4000;
  const std::uint64_t high = (random() & ~version_mask) | version_4;
  const std::uint64_t low = (random() >> 2U) | std::uint64_t{1} << 63U;  // the variant: 10
  return fmt::format("<urn:uuid:{:08x}-{:04x}-{:04x}-{:04x}-{:012x}>", high >> 32U, high >> 16U & 0xFFFFU,
                     high & 0xFFFFU, low >> 48U, low & 0xFFFF'FFFF'FFFFU);
}

void warc_record::add(std::string_view name, std::string_view value) {
  head_.append(name).append(": ").append(value).append("\r\n");
}

void warc_record::set_block(std::string begin, file middle, std::uint64_t middle_bytes, std::string end) {
  add("Content-Length", std::to_string(begin.size() + middle_bytes + end.size()));
  head_.append("\r\n").append(begin);
  middle_ = std::move(middle);
  middle_bytes_ = middle_bytes;
  tail_ = std::move(end);
  tail_ += "\r\n\r\n";
}

std::size_t bytes_in_memory(const warc_records& records) noexcept {
  std::size_t bytes = 0;
  for (const warc_record& each : records) bytes += each.bytes_in_memory();
  return bytes;
}

}  // namespace hocket::crawl
