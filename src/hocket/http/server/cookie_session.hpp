#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace hocket::http {

/// What a server remembers of a client from one request to the next: `request.get<cookie_session>()`, where `cookie_sessions` or
/// `memory_sessions` is around the handler. Changes count until the handler gives its reply; those of a handler that throws may be
/// lost. Counterpart: aiohttp_session.Session.
class cookie_session {
 public:
  using fields = std::map<std::string, std::string, std::less<>>;

  /// One that exists, or one that is new.
  explicit cookie_session(std::shared_ptr<fields> known = nullptr)
      : is_new_(known == nullptr), data_(known != nullptr ? std::move(known) : std::make_shared<fields>()) {}

  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const {
    is_read_ = true;
    const auto found = data_->find(name);
    if (found == data_->end()) return std::nullopt;
    return found->second;
  }
  void set(std::string_view name, std::string value) {
    data_->insert_or_assign(std::string(name), std::move(value));
    is_changed_ = true;
  }
  void erase(std::string_view name) {
    if (const auto found = data_->find(name); found != data_->end()) data_->erase(found);
    is_changed_ = true;
  }
  /// Forgets all, and the client is to forget its cookie.
  void clear() {
    data_->clear();
    is_changed_ = true;
  }
  /// Gives the client another cookie for the same data: to be called when somebody logs in, so that nobody knows the cookie from before
  /// (session fixation). Requests that came by the old cookie, and are still under way, find an empty session, and what they put into it is
  /// lost. So call it first, and then say who has logged in.
  void renew() {
    auto own = std::make_shared<fields>();
    own->swap(*data_);
    data_ = std::move(own);
    is_renewed_ = true;
  }

  [[nodiscard]] bool empty() const noexcept { return data_->empty(); }
  /// The client brought none that counts.
  [[nodiscard]] bool is_new() const noexcept { return is_new_; }

  // For those who keep sessions.

  [[nodiscard]] const std::shared_ptr<fields>& data() const noexcept { return data_; }
  [[nodiscard]] bool is_read() const noexcept { return is_read_; }
  [[nodiscard]] bool is_changed() const noexcept { return is_changed_; }
  [[nodiscard]] bool is_renewed() const noexcept { return is_renewed_; }

 private:
  bool is_new_;
  mutable bool is_read_ = false;
  bool is_changed_ = false;
  bool is_renewed_ = false;
  std::shared_ptr<fields> data_;
};

}  // namespace hocket::http
