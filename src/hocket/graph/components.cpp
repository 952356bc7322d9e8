#include <algorithm>

#include <hocket/graph/components.hpp>
#include <hocket/graph/successors.hpp>

namespace hocket::graph {
namespace {

constexpr std::uint32_t no_component = ~std::uint32_t{0};

/// Tarjan's walk, with a stack of its own in the place of the calls.
class walk {
 public:
  explicit walk(const link_graph& graph) : graph_(graph), lowest_(graph.size()) {
    found_.of.assign(graph.size(), no_component);
  }

  components run() {
    for (node start = 0; start < graph_.size(); ++start)
      if (lowest_[start] == 0) visit(start);
    return std::move(found_);
  }

 private:
  struct step {
    node at;
    std::uint32_t order;  // in which it was reached, from 1
    std::size_t next;     // of its successors, to look at
  };

  void visit(node start) {
    enter(start);
    while (!path_.empty()) {
      step& top = path_.back();
      const successors to(graph_, top.at);
      if (top.next == to.size()) {
        leave();
        continue;
      }
      const node next = to[top.next++];
      if (lowest_[next] == 0)
        enter(next);
      else if (found_.of[next] == no_component)
        lowest_[top.at] = std::min(lowest_[top.at], lowest_[next]);
    }
  }

  void enter(node at) {
    lowest_[at] = ++reached_;
    open_.push_back(at);
    path_.push_back({at, reached_, 0});
  }

  // All that comes behind `done` among the open ones belongs to it if it reaches nothing before itself.
  void leave() {
    const step done = path_.back();
    path_.pop_back();
    if (!path_.empty()) {
      std::uint32_t& above = lowest_[path_.back().at];
      above = std::min(above, lowest_[done.at]);
    }
    if (lowest_[done.at] != done.order) return;
    const auto number = static_cast<std::uint32_t>(found_.sizes.size());
    found_.sizes.push_back(0);
    node closed = 0;
    do {
      closed = open_.back();
      open_.pop_back();
      found_.of[closed] = number;
      ++found_.sizes.back();
    } while (closed != done.at);
  }

  const link_graph& graph_;
  components found_;
  std::vector<std::uint32_t> lowest_;  // the first in order that was seen to be reached from each; 0: not visited
  std::vector<node> open_;             // visited, and of no component yet
  std::vector<step> path_;
  std::uint32_t reached_ = 0;
};

}  // namespace

components strongly_connected_components(const link_graph& graph) { return walk(graph).run(); }

}  // namespace hocket::graph
