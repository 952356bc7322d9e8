#include <algorithm>
#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/retriable.hpp>
#include <hocket/http/client/detail/save_body.hpp>
#include <hocket/http/client/download.hpp>
#include <hocket/http/range/byte_range.hpp>
#include <hocket/http/range/validators.hpp>
#include <hocket/io/file.hpp>
#include <hocket/io/file_system.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http {
namespace {

/// A content that comes in as many answers as it takes.
class unfinished {
 public:
  unfinished(session& by, url from, download_options& options, file& to)
      : by_(by), from_(std::move(from)), options_(options), to_(to) {}

  /// All that is left, by one request, or more where a server sends less than it was asked for. Gives what went wrong if that may
  /// pass; throws what may not.
  coro<std::exception_ptr> go_on() {
    for (;;) {
      const std::uint64_t before = here_;
      auto failure = co_await take_answer();
      if (failure != nullptr || here_ >= size_.value_or(0)) co_return failure;
      if (here_ <= before) throw client_error("the server does not send the rest");
    }
  }

  [[nodiscard]] std::uint64_t size() const noexcept { return here_; }
  /// The most that was ever there.
  [[nodiscard]] std::uint64_t furthest() const noexcept { return furthest_; }

 private:
  coro<std::exception_ptr> take_answer() {
    headers fields = options_.fields;
    if (!fields.contains("Accept-Encoding")) fields.set("Accept-Encoding", "identity");
    if (here_ > 0) ask_for_rest(fields, here_, known_);
    auto asked = co_await as_result(by_.get(from_, {.fields = std::move(fields), .timeout = duration::max()}));
    if (!asked) co_return passing(asked.error());
    response& answer = *asked;
    if (here_ > 0 && answer.is_at_end(here_)) co_return nullptr;
    if (answer.status() >= 300) throw status_error(answer.status());
    co_await begin(answer);
    for (;;) {
      auto piece = co_await as_result(answer.next());
      if (!piece) co_return passing(piece.error());
      if (piece->empty()) co_return nullptr;
      co_await to_.write(*piece, static_cast<std::int64_t>(here_));
      has_bytes_ = true;
      here_ += piece->size();
      furthest_ = std::max(furthest_, here_);
      if (options_.on_progress) options_.on_progress(here_);
    }
  }

  /// Finds the place of what comes. What is there counts only if it can be told that the rest belongs to it.
  coro<void> begin(const response& answer) {
    if (here_ > 0 && answer.status() == 206) {
      size_ = detail::require_rest(answer, here_).size;
      if (const auto now = answer.validators(); !now.etag.empty() && now.etag != known_.etag)
        throw client_error("the server sends the rest of another content");
      co_return;
    }
    if (answer.status() == 206) throw client_error("the server sends a part, and nobody has asked for one");
    if (has_bytes_) co_await to_.truncate(0);  // those of an earlier attempt
    here_ = 0;
    size_.reset();  // its length is the connection's affair
    // What was unpacked has other places than what the server counts.
    known_ = answer.headers().contains("Content-Encoding") ? http::validators() : answer.validators();
  }

  std::exception_ptr passing(std::exception_ptr failure) {
    if (!detail::is_passing(failure)) std::rethrow_exception(failure);
    if (known_.strongest().empty()) here_ = 0;
    return failure;
  }

  session& by_;
  url from_;
  download_options& options_;
  file& to_;
  validators known_;
  std::uint64_t here_ = 0;  // bytes that count
  std::uint64_t furthest_ = 0;
  std::optional<std::uint64_t> size_;  // of the whole, as a part has told it
  bool has_bytes_ = false;
};

}  // namespace

coro<std::uint64_t> download(session& by, url from, std::string path, download_options options) {
  if (const auto there = co_await as_expected(stat(path)); there && !there->is_regular())
    throw client_error(fmt::format("'{}' is no file that could be replaced", path));
  const auto fill = [&](file& to) -> coro<std::uint64_t> {
    unfinished content(by, std::move(from), options, to);
    unsigned attempts = 0;
    for (;;) {
      const std::uint64_t before = content.furthest();
      const std::exception_ptr failure = co_await content.go_on();
      if (failure == nullptr) co_return content.size();
      attempts = content.furthest() > before ? 1 : attempts + 1;
      if (attempts >= options.attempts) std::rethrow_exception(failure);
      co_await sleep(options.pause.after(attempts));
    }
  };
  timeout limit(options.timeout ? std::optional(loop::running().time_after(*options.timeout)) : std::nullopt);
  co_return co_await limit.run(detail::replace_by(std::move(path), fill));
}

}  // namespace hocket::http
