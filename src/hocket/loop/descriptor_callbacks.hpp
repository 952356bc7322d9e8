#pragma once

#include <functional>
#include <map>
#include <utility>

#include <hocket/base/intrusive_list.hpp>

namespace hocket {

class loop;

namespace detail {

/// The functions that a loop calls while descriptors are ready: `loop::add_reader`. Belongs to the loop's thread.
class descriptor_callbacks {
 public:
  explicit descriptor_callbacks(loop& owner) noexcept : loop_(owner) {}
  /// Nothing of it may be in flight.
  ~descriptor_callbacks();
  descriptor_callbacks(const descriptor_callbacks&) = delete;

  /// Replaces the function for that number and direction (POLLIN or POLLOUT). Throws std::system_error, std::bad_alloc, and
  /// then what was there before is gone.
  void set(int number, short direction, std::move_only_function<void()> function);
  /// False if there was none.
  bool remove(int number, short direction) noexcept;
  /// Removes all.
  void clear() noexcept;

 private:
  class watch;

  loop& loop_;
  std::map<std::pair<int, short>, watch*> current_;
  intrusive_list<watch, watch> all_;  // also those that are removed, until the system has let go of them
};

}  // namespace detail
}  // namespace hocket
