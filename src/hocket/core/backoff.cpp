#include <algorithm>

#include <hocket/core/backoff.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {

duration backoff::after(unsigned attempts) const {
  duration whole = std::min(first, longest);
  for (unsigned n = 1; n < attempts && whole < longest; ++n) whole = whole > longest / 2 ? longest : 2 * whole;
  const auto half = std::max(whole / 2, duration(0));
  const auto steps = static_cast<std::uint64_t>((whole - half).count()) + 1;
  return half + duration(static_cast<duration::rep>(loop::running().random()() % steps));
}

}  // namespace hocket
