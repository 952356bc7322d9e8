#include <list>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/http/server/detail/session_cookie.hpp>
#include <hocket/http/server/memory_sessions.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http {
namespace {

std::size_t size_of(const cookie_session::fields& data) noexcept {
  std::size_t size = 0;
  for (const auto& [name, value] : data) size += name.size() + value.size();
  return size;
}

class keeper_in_memory {
 public:
  keeper_in_memory(std::vector<std::string> keys, memory_sessions_options options)
      : cookie_(std::move(keys), options.cookie),
        most_sessions_(options.most_sessions),
        most_bytes_(options.most_bytes) {
    if (most_sessions_ == 0) throw error("there is no room for sessions");
  }

  coro<reply> operator()(request& asked, next_handler next) {
    bool is_old = false;
    const std::string id = id_brought_by(asked, is_old);
    cookie_session& session = asked.set(cookie_session(use(id)));
    reply given = co_await next(asked);
    const bool is_new = session.is_new() || session.is_renewed();
    if (!is_new && !kept_.contains(id)) {
      // Meanwhile another request has renewed it, or cleared it: the cookie that the client has by now is none of our business.
    } else if (session.empty()) {
      forget(id);
      if (!session.is_new()) cookie_.remove(given);
    } else if (is_new) {
      require_room_for(session);
      forget(id);
      cookie_.put(given, keep(session.data()));
    } else {
      require_room_for(session);
      if (is_old) cookie_.put(given, id);
    }
    detail::note_in_reply(given, session);
    co_return given;
  }

 private:
  struct kept_session {
    std::string id;
    std::shared_ptr<cookie_session::fields> data;
    std::chrono::sys_seconds until;
  };
  using place = std::list<kept_session>::iterator;

  /// Empty if it brings none that we keep.
  std::string id_brought_by(const request& asked, bool& is_old) const {
    for (auto& [text, old] : cookie_.find(asked)) {
      is_old = old;
      if (kept_.contains(text)) return text;
    }
    return {};
  }

  /// Null if it is not there, or has expired.
  std::shared_ptr<cookie_session::fields> use(const std::string& id) {
    const auto found = kept_.find(id);
    if (found == kept_.end()) return nullptr;
    if (found->second->until <= cookie_.now()) {
      forget(id);
      return nullptr;
    }
    found->second->until = cookie_.now() + cookie_.lifetime();
    by_use_.splice(by_use_.end(), by_use_, found->second);
    return found->second->data;
  }

  std::string keep(std::shared_ptr<cookie_session::fields> data) {
    // Drawn once only: from many numbers of the source one could tell the others. That ids can be told in advance is no harm, for
    // they are signed.
    if (!drawn_) drawn_ = loop::running().random()();
    std::string id = fmt::format("{:016x}-{:x}", *drawn_, ++made_);
    if (kept_.size() == most_sessions_) forget(std::string(by_use_.front().id));
    by_use_.push_back({id, std::move(data), cookie_.now() + cookie_.lifetime()});
    kept_.emplace(id, std::prev(by_use_.end()));
    return id;
  }

  void forget(const std::string& id) {
    const auto found = kept_.find(id);
    if (found == kept_.end()) return;
    by_use_.erase(found->second);
    kept_.erase(found);
  }

  // One that is too large is emptied: it would fail each request from now on.
  void require_room_for(cookie_session& session) const {
    const std::size_t size = size_of(*session.data());
    if (size <= most_bytes_) return;
    session.clear();
    throw error(fmt::format("a session of {} bytes is larger than {}", size, most_bytes_));
  }

  detail::session_cookie cookie_;
  std::size_t most_sessions_;
  std::size_t most_bytes_;
  std::list<kept_session> by_use_;
  std::map<std::string, place, std::less<>> kept_;
  std::optional<std::uint64_t> drawn_{};
  std::uint64_t made_ = 0;
};

}  // namespace

middleware memory_sessions(std::vector<std::string> keys, memory_sessions_options options) {
  return keeper_in_memory(std::move(keys), std::move(options));
}

}  // namespace hocket::http
