#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/crawl/warc/warc_record.hpp>
#include <hocket/crawl/warc/warc_recording.hpp>
#include <hocket/io/temporary.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::crawl {

static constexpr std::size_t most_in_memory = 256 * 1024;

// RFC 9110, 15.2: answers that come before the answer. 101 is none of them.
static std::string_view without_interim_answers(std::string_view text) {
  constexpr std::size_t status_at = std::string_view("HTTP/1.1 ").size();
  while (text.size() > status_at && text[status_at] == '1' && !text.substr(status_at).starts_with("101")) {
    const std::size_t crlf = text.find("\r\n\r\n");
    const std::size_t lf = text.find("\n\n");
    if (crlf == std::string_view::npos && lf == std::string_view::npos) break;
    text.remove_prefix(crlf < lf ? crlf + 4 : lf + 2);
  }
  return text;
}

void warc_recording::began(const url& target, const socket_address& peer, std::string_view request_head) {
  now_ = {};
  now_.target = target.without_fragment().href();
  now_.peer = peer;
  now_.date = warc_date(wall_clock_());
  now_.request_head = request_head;
  digests_.reset();
  is_lost_ = false;
  begun_ = loop::running().time();
}

void warc_recording::received(std::string_view bytes) {
  if (!digests_) {
    now_.head += bytes;
    return;
  }
  digests_->answer.feed(bytes);
  now_.rest += bytes;
}

void warc_recording::answered(int status) {
  now_.status = status;
  now_.head.erase(0, now_.head.size() - without_interim_answers(now_.head).size());
  digests_.emplace();
  digests_->answer.feed(now_.head);
}

void warc_recording::content(std::string_view piece) {
  digests_->content.feed(piece);
  now_.content_bytes += piece.size();
}

void warc_recording::ended(http::exchange_end how) {
  if (!digests_) return;
  now_.how = how;
  now_.took = std::chrono::duration_cast<std::chrono::milliseconds>(loop::running().time() - begun_);
  now_.answer_digest = digests_->answer.text();
  now_.content_digest = digests_->content.text();
  digests_.reset();
  if (!is_lost_) owner_.take(std::exchange(now_, {}));
}

bool warc_recording::is_full() const noexcept { return now_.rest.size() >= most_in_memory || !owner_.has_room(); }

coro<void> warc_recording::make_room() {
  if (!owner_.has_room()) co_await owner_.make_room();
  if (now_.rest.size() >= most_in_memory) co_await put_away();
}

// Cancelled, it writes the same bytes to the same place the next time.
coro<void> warc_recording::put_away() {
  try {
    if (!is_lost_ && !now_.put_away.is_open()) now_.put_away = co_await temporary_file({.directory = directory_});
    if (!is_lost_) co_await now_.put_away.write(now_.rest, static_cast<std::int64_t>(now_.put_away_bytes));
    now_.put_away_bytes += now_.rest.size();
  } catch (const std::system_error& failed) {
    is_lost_ = true;
    owner_.fail(std::make_exception_ptr(
        error(fmt::format("cannot write a temporary file in '{}': {}", directory_, failed.code().message()))));
  }
  now_.rest.clear();
}

}  // namespace hocket::crawl
