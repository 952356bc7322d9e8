// Reads take from the bytes at hand in one step, after their last await: a cancelled one leaves them where they are. What a
// receive brings goes from the lent buffer straight to whoever reads if he takes all of it, otherwise behind what is at hand.
//
// Each read is a coroutine of the connection, not of the reader, which may be gone or moved before it ends.

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <stdexcept>

#include <hocket/io/detail/as_outcome.hpp>
#include <hocket/io/stream_reader.hpp>

namespace hocket {

using detail::as_outcome;
using detail::stream_connection;
using detail::stream_ref;

static coro<std::string> read_some(stream_ref from, std::size_t most) {
  const stream_connection::reading reads(*from);
  from->raise_error();
  if (most == 0) co_return std::string();
  if (from->buffered().empty() && !from->has_ended()) {
    const buffer piece = from->received(co_await as_outcome(from->stream().receive()));
    if (piece.size() <= most) co_return std::string(piece.text());
    from->append(piece.text());
  }
  co_return from->take(most);
}

// Until so many are at hand, or the end. A limit is no matter here, as in asyncio.
static coro<std::string> read_as_many(stream_ref from, std::size_t count, bool exactly) {
  const stream_connection::reading reads(*from);
  from->raise_error();
  while (from->buffered().size() < count && !from->has_ended()) {
    const buffer piece = from->received(co_await as_outcome(from->stream().receive()));
    from->append(piece.text());
  }
  if (exactly && from->buffered().size() < count)
    throw incomplete_read_error(from->take(from->buffered().size()), count);
  co_return from->take(count);
}

coro<std::string> stream_reader::read(std::size_t most) {
  return most == to_the_end ? read_as_many(connection_, most, false) : read_some(connection_, most);
}

coro<std::string> stream_reader::readexactly(std::size_t count) { return read_as_many(connection_, count, true); }

namespace {

/// Looks for the first of some separators to be complete, in bytes to which others are added.
class separator_search {
 public:
  explicit separator_search(std::span<const std::string> separators) : separators_(separators) {
    const auto [shortest, longest] = std::ranges::minmax(separators, {}, &std::string::size);
    shortest_ = shortest.size();
    longest_ = longest.size();
  }

  struct match {
    std::size_t begin;
    std::size_t end;
  };

  /// Of all bytes there are so far. Where there is no match, `searched` tells how many of them cannot begin one.
  [[nodiscard]] std::optional<match> look(std::string_view bytes) noexcept {
    if (bytes.size() < searched_ + shortest_) return std::nullopt;
    std::optional<match> found;
    for (const std::string& separator : separators_) {
      const std::size_t at = bytes.find(separator, searched_);
      if (at == bytes.npos) continue;
      const std::size_t end = at + separator.size();
      // Of two that are complete at once the shorter one begins later: it is the one that asyncio takes.
      if (!found || end < found->end || (end == found->end && at > found->begin)) found = match{at, end};
    }
    if (!found && bytes.size() + 1 > longest_) searched_ = bytes.size() + 1 - longest_;
    return found;
  }
  [[nodiscard]] std::size_t searched() const noexcept { return searched_; }

 private:
  std::span<const std::string> separators_;
  std::size_t shortest_;
  std::size_t longest_;
  std::size_t searched_ = 0;
};

void require_separators(std::span<const std::string> separators) {
  if (separators.empty()) throw std::invalid_argument("there is no separator to read up to");
  for (const std::string& each : separators)
    if (each.empty()) throw std::invalid_argument("a separator is at least one byte");
}

coro<std::string> read_up_to(stream_ref from, std::span<const std::string> separators) {
  require_separators(separators);
  const stream_connection::reading reads(*from);
  from->raise_error();
  separator_search search(separators);
  for (;;) {
    if (const auto found = search.look(from->buffered())) {
      if (found->begin > from->limit())
        throw limit_overrun_error("a separator was found, but the chunk is longer than the limit", found->begin);
      co_return from->take(found->end);
    }
    if (search.searched() > from->limit())
      throw limit_overrun_error("no separator was found within the limit", search.searched());
    if (from->has_ended()) throw incomplete_read_error(from->take(from->buffered().size()), std::nullopt);
    const buffer piece = from->received(co_await as_outcome(from->stream().receive()));
    from->append(piece.text());
  }
}

coro<std::string> read_up_to_one(stream_ref from, std::string separator) {
  const std::array separators{std::move(separator)};
  co_return co_await read_up_to(std::move(from), separators);
}

coro<std::string> read_up_to_any(stream_ref from, std::vector<std::string> separators) {
  co_return co_await read_up_to(std::move(from), separators);
}

// Of a line that is too long, what has come of it.
void drop_line(stream_connection& from, std::size_t consumed) noexcept {
  const std::string_view bytes = from.buffered();
  from.drop(consumed < bytes.size() && bytes[consumed] == '\n' ? consumed + 1 : bytes.size());
}

coro<std::string> read_line(stream_ref from) {
  const std::array<std::string, 1> separators{"\n"};
  try {
    co_return co_await read_up_to(from, separators);
  } catch (const incomplete_read_error& ended) {
    co_return ended.partial();
  } catch (const limit_overrun_error& too_long) {
    drop_line(*from, too_long.consumed());
    throw;
  }
}

async_generator<std::string> lines_of(stream_ref from) {
  for (;;) {
    std::string line = co_await read_line(from);
    if (line.empty()) co_return;
    co_yield std::move(line);
  }
}

}  // namespace

coro<std::string> stream_reader::readline() { return read_line(connection_); }

coro<std::string> stream_reader::readuntil(std::string separator) {
  return read_up_to_one(connection_, std::move(separator));
}

coro<std::string> stream_reader::readuntil(std::vector<std::string> separators) {
  return read_up_to_any(connection_, std::move(separators));
}

async_generator<std::string> stream_reader::lines() { return lines_of(connection_); }

}  // namespace hocket
