#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/crawl/warc/exchange_records.hpp>
#include <hocket/crawl/warc/warc_archive.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::crawl {

static constexpr std::size_t worth_a_flush = 4 * 1024 * 1024;
static constexpr std::size_t most_waiting = 32 * 1024 * 1024;
static constexpr std::size_t most_dates =
    100'000;  // many more than exchanges that end before the first of them is asked for

coro<std::unique_ptr<warc_archive>> warc_archive::open(warc_options options) {
  warc_files files = co_await warc_files::open(std::move(options));
  co_return std::unique_ptr<warc_archive>(new warc_archive(std::move(files), loop::running().random()()));
}

std::shared_ptr<http::exchange_recorder> warc_archive::record() {
  warc_recording_owner& mine = *this;
  return std::make_shared<warc_recording>(mine, files_.options().directory, files_.options().wall_clock);
}

void warc_archive::take(recorded_exchange done) {
  note_date(done);
  const std::string archived = files_.options().archived ? files_.options().archived(done.target) : "";
  waiting_.push_back(records_of(std::move(done), archived, contents_, loop::running().random()));
  waiting_bytes_ += bytes_in_memory(waiting_.back());
}

void warc_archive::note_date(const recorded_exchange& done) {
  if (dates_.size() >= most_dates) dates_.clear();
  const bool is_kept = done.how == http::exchange_end::whole && contents_.find(done.content_digest) == nullptr;
  if (done.status == 200 && is_kept)
    dates_.insert_or_assign(done.target, done.date);
  else
    dates_.erase(done.target);
}

std::string warc_archive::take_date_of(std::string_view target) {
  const auto found = dates_.find(target);
  return found == dates_.end() ? std::string() : std::move(dates_.extract(found).mapped());
}

void warc_archive::fail(std::exception_ptr why) noexcept {
  if (broken_ == nullptr) broken_ = std::move(why);
}

bool warc_archive::is_full() const noexcept { return broken_ != nullptr || waiting_bytes_ >= worth_a_flush; }

coro<void> warc_archive::flush() {
  const auto held = co_await writing_.scoped_lock();
  if (broken_ != nullptr) std::rethrow_exception(broken_);
  while (!waiting_.empty()) waiting_bytes_ -= co_await files_.write(waiting_);
}

bool warc_archive::has_room() const noexcept { return broken_ != nullptr || waiting_bytes_ < most_waiting; }

coro<void> warc_archive::make_room() {
  try {
    co_await flush();
  } catch (const error&) {
    fail(std::current_exception());
  }
}

coro<void> warc_archive::sync() {
  const auto held = co_await writing_.scoped_lock();
  co_await files_.sync();
}

coro<void> warc_archive::close() {
  co_await flush();
  co_await files_.close();
}

}  // namespace hocket::crawl
