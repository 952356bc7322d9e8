#include <utility>
#include <vector>

#include <hocket/loop/call_in_next_run.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {

static thread_local std::vector<function<void()>> kept;

void call_in_next_run(function<void()> call) { kept.push_back(std::move(call)); }

void take_calls_for_next_run(loop& begun) {
  for (auto& call : std::exchange(kept, {})) begun.call_soon(std::move(call));
}

}  // namespace hocket
