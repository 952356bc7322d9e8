#pragma once

#include <cstddef>

namespace hocket {

/// What an object must be (publicly derive from) to stand in an `intrusive_list`. In at most one list per link at a time.
///
/// `Tag` tells links apart when one object stands in several lists.
template <class Tag = void>
struct list_link {
  list_link* next = nullptr;
  list_link* previous = nullptr;

  [[nodiscard]] bool is_linked() const noexcept { return next != nullptr; }

  /// Leaves its list, whichever that is. Precondition: linked.
  void unlink() noexcept {
    previous->next = next;
    next->previous = previous;
    next = previous = nullptr;
  }
};

/// A doubly linked list of objects that it does not own; every operation is O(1) and allocates nothing.
template <class T, class Tag = void>
class intrusive_list {
  using link = list_link<Tag>;

 public:
  constexpr intrusive_list() noexcept { reset(); }
  intrusive_list(const intrusive_list&) = delete;
  intrusive_list& operator=(const intrusive_list&) = delete;

  [[nodiscard]] bool empty() const noexcept { return ends_.next == &ends_; }
  [[nodiscard]] T& front() noexcept { return static_cast<T&>(*ends_.next); }

  void push_back(T& item) noexcept { insert_before(ends_, item); }
  void push_front(T& item) noexcept { insert_before(*ends_.next, item); }

  /// Precondition: not empty.
  T& pop_front() noexcept {
    T& item = front();
    static_cast<link&>(item).unlink();
    return item;
  }

  /// Moves all of `other` to the end of this list, in order.
  void splice_back(intrusive_list& other) noexcept {
    if (other.empty()) return;
    link* first = other.ends_.next;
    link* last = other.ends_.previous;
    first->previous = ends_.previous;
    ends_.previous->next = first;
    last->next = &ends_;
    ends_.previous = last;
    other.reset();
  }

  /// O(n).
  [[nodiscard]] std::size_t count() const noexcept {
    std::size_t items = 0;
    for (const link* at = ends_.next; at != &ends_; at = at->next) ++items;
    return items;
  }

  /// Visits the items in order; `visit` may unlink the item that it is given, and no other.
  template <class Visit>
  void for_each(Visit visit) {
    for (link* at = ends_.next; at != &ends_;) {
      link* next = at->next;
      visit(static_cast<T&>(*at));
      at = next;
    }
  }

 private:
  constexpr void reset() noexcept { ends_.next = ends_.previous = &ends_; }

  static void insert_before(link& place, T& item) noexcept {
    link& added = item;
    added.next = &place;
    added.previous = place.previous;
    place.previous->next = &added;
    place.previous = &added;
  }

  link ends_;
};

}  // namespace hocket
