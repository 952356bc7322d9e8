// Tarjan's algorithm, with a stack of its own instead of the thread's: chains may be long.

#include <algorithm>

#include <hocket/inspect/detail/circles.hpp>

namespace hocket::inspect::detail {
namespace {

constexpr std::uint32_t not_seen = UINT32_MAX;

class finder {
 public:
  explicit finder(std::span<const std::vector<std::uint32_t>> edges)
      : edges_(edges), circle_(edges.size(), not_seen), seen_(edges.size(), not_seen), lowest_(edges.size()) {}

  std::vector<std::uint32_t> find() {
    for (std::uint32_t n = 0; n < edges_.size(); ++n)
      if (seen_[n] == not_seen) walk(n);
    return std::move(circle_);
  }

 private:
  struct step {
    std::uint32_t node;
    std::size_t next = 0;  // of its edges
  };

  void walk(std::uint32_t from) {
    enter(from);
    while (!path_.empty()) {
      step& at = path_.back();
      if (at.next == edges_[at.node].size()) {
        leave();
        continue;
      }
      const std::uint32_t to = edges_[at.node][at.next++];
      if (seen_[to] == not_seen)
        enter(to);
      else if (circle_[to] == not_seen)
        lowest_[at.node] = std::min(lowest_[at.node], seen_[to]);
    }
  }

  void enter(std::uint32_t node) {
    seen_[node] = lowest_[node] = count_++;
    open_.push_back(node);
    path_.push_back({node});
  }

  void leave() {
    const std::uint32_t node = path_.back().node;
    path_.pop_back();
    if (!path_.empty()) lowest_[path_.back().node] = std::min(lowest_[path_.back().node], lowest_[node]);
    if (lowest_[node] != seen_[node]) return;
    while (circle_[node] == not_seen) {
      circle_[open_.back()] = seen_[node];
      open_.pop_back();
    }
  }

  std::span<const std::vector<std::uint32_t>> edges_;
  std::vector<std::uint32_t> circle_;
  std::vector<std::uint32_t> seen_;    // when
  std::vector<std::uint32_t> lowest_;  // of those that it leads back to
  std::vector<step> path_;
  std::vector<std::uint32_t> open_;  // whose circle is not complete
  std::uint32_t count_ = 0;
};

}  // namespace

std::vector<std::uint32_t> circles_of(std::span<const std::vector<std::uint32_t>> edges) {
  return finder(edges).find();
}

}  // namespace hocket::inspect::detail
