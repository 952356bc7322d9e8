#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include <hocket/deferred/deferred.hpp>

namespace hocket::detail {

/// Deferreds that wait for their turn, first come first served; one that is cancelled leaves. Shared by its owner's copies.
template <class T>
class deferred_line {
  using places = std::list<deferred<T>>;

 public:
  [[nodiscard]] bool empty() const noexcept { return waiting_->empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return waiting_->size(); }

  [[nodiscard]] deferred<T> line_up() {
    const auto place = std::make_shared<std::optional<typename places::iterator>>();
    deferred<T> mine([line = std::weak_ptr(waiting_), place] {
      if (const auto still = line.lock()) still->erase(**place);
    });
    *place = waiting_->insert(waiting_->end(), mine);
    return mine;
  }

  /// Takes the first out of the line. Must not be empty.
  [[nodiscard]] deferred<T> pop() {
    deferred<T> first = std::move(waiting_->front());
    waiting_->pop_front();
    return first;
  }

 private:
  std::shared_ptr<places> waiting_ = std::make_shared<places>();
};

}  // namespace hocket::detail
