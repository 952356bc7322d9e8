#pragma once

#include <cstddef>
#include <string>

namespace hocket {
class loop;
}

namespace hocket::testing {

/// What is still there and should not be.
struct leftovers {
  std::size_t leaked_blocks = 0;       // coroutine frames, task records and the like, of this thread
  std::size_t leaked_tasks = 0;        // that had not ended
  std::size_t leaked_descriptors = 0;  // open file descriptors of the process
  std::size_t leaked_buffers = 0;      // receive buffers of the loop that were lent and not given back

  [[nodiscard]] bool none() const noexcept { return *this == leftovers{}; }
  /// As "2 blocks, 1 task"; "nothing" if so.
  [[nodiscard]] std::string to_string() const;

  leftovers& operator+=(const leftovers& more) noexcept;
  friend bool operator==(const leftovers&, const leftovers&) = default;
};

/// Remembers what there was when it was made, and tells what has come and not gone since. For any test framework or none:
///
///     const hocket::testing::leak_check check;
///     hocket::run(amain());
///     assert(check.left().none());
///
/// Inside of a loop it tells of that loop's tasks (but for the one that asks) and buffers; outside there are none. Other
/// threads may open and close files meanwhile only if they end in balance.
class leak_check {
 public:
  leak_check();
  [[nodiscard]] leftovers left() const;

 private:
  struct amounts {
    long blocks = 0;
    long tasks = 0;
    long descriptors = 0;
    long buffers = 0;
  };
  [[nodiscard]] static amounts now();

  amounts before_;
};

}  // namespace hocket::testing
