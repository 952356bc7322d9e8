#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <hocket/base/text_hash.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/crawl/warc/warc_contents.hpp>
#include <hocket/crawl/warc/warc_files.hpp>
#include <hocket/crawl/warc/warc_recording.hpp>
#include <hocket/http/client/exchange_recorder.hpp>
#include <hocket/sync/lock.hpp>

namespace hocket::crawl {

/// Keeps the exchanges of a crawl with servers in WARC files, which the tools of web archives read.
///
/// Of each exchange that was answered there are three records: `response` (the answer, byte for byte as it came, in its transfer and content
/// codings; interim answers are left out), `request` (as it was sent, with cookies and credentials) and `metadata` (how long it took). An
/// answer that was not read to its end says so (WARC-Truncated). The same content again (by SHA-1 of the body without its transfer coding), from
/// wherever, is a `revisit` of the first: its head only; so is "304 Not Modified", of what an earlier archive has.
///
/// Records are composed when an exchange ends, and written by `flush`, in that order. Bodies beyond 256 KiB wait in unnamed files. Belongs to
/// one loop; outlives the sessions that record.
class warc_archive final : private warc_recording_owner {
 public:
  /// As `warc_files::open`.
  [[nodiscard]] static coro<std::unique_ptr<warc_archive>> open(warc_options options);
  ~warc_archive() override = default;
  warc_archive(const warc_archive&) = delete;

  /// For one call of a session: see `http::request_options::recorder`.
  [[nodiscard]] std::shared_ptr<http::exchange_recorder> record();

  /// The WARC-Date of the latest answer from there, if that is 200, and kept whole as a `response`; else empty. Is told once, soon after the
  /// exchange has ended, for it is forgotten when very many others have.
  [[nodiscard]] std::string take_date_of(std::string_view target);

  /// Enough waits to be worth a flush.
  [[nodiscard]] bool is_full() const noexcept;
  /// Writes the records of all exchanges that have ended. Throws `hocket::error`; then, and when cancelled, none is lost: the next flush writes
  /// it.
  [[nodiscard]] coro<void> flush();
  /// What was flushed before the call outlasts the death of the machine when it returns. Throws `hocket::error`.
  [[nodiscard]] coro<void> sync();
  /// As `flush`, and the last file is complete.
  [[nodiscard]] coro<void> close();

 private:
  warc_archive(warc_files files, std::uint64_t seed)
      : files_(std::move(files)), contents_(seed), dates_(0, seeded_text_hash{seed}) {}
  void take(recorded_exchange done) override;
  void note_date(const recorded_exchange& done);
  void fail(std::exception_ptr why) noexcept override;
  [[nodiscard]] bool has_room() const noexcept override;
  [[nodiscard]] coro<void> make_room() override;

  warc_files files_;
  std::deque<warc_records> waiting_;
  std::size_t waiting_bytes_ = 0;  // in memory
  warc_contents contents_;
  std::unordered_map<std::string, std::string, seeded_text_hash, std::equal_to<>> dates_;  // by target
  std::exception_ptr broken_;  // something could not be kept
  lock writing_;
};

}  // namespace hocket::crawl
