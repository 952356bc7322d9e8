#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

/// The `count` nodes below `end` of the highest value, the highest first; of equal ones the lower number. Those of value 0 are left out.
template <class ValueOf>
[[nodiscard]] std::vector<node> most(node end, std::size_t count, ValueOf value_of) {
  std::vector<node> found;
  if (count == 0) return found;
  const auto comes_first = [&](node one, node other) {
    const auto first = value_of(one), second = value_of(other);
    return first != second ? first > second : one < other;
  };
  for (node each = 0; each < end; ++each) {
    if (value_of(each) == 0) continue;
    if (found.size() == count) {
      if (!comes_first(each, found.front())) continue;
      std::ranges::pop_heap(found, comes_first);  // the last of them stands in front
      found.back() = each;
    } else {
      found.push_back(each);
    }
    std::ranges::push_heap(found, comes_first);
  }
  std::ranges::sort_heap(found, comes_first);
  return found;
}

}  // namespace hocket::graph
