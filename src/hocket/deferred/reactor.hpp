#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <hocket/base/function.hpp>
#include <hocket/core/task.hpp>
#include <hocket/io/subprocess_exec.hpp>
#include <hocket/loop/call_in_next_run.hpp>
#include <hocket/loop/loop.hpp>

/// The running loop, by Twisted's words.
namespace hocket::reactor {

/// After `after`. `cancel` of what it gives takes it back. Counterpart: reactor.callLater.
template <class Function>
handle call_later(delay after, Function function) {
  return loop::running().call_later(after, std::move(function));
}
/// In the next turn; before `run`, in the first turn of the next loop that this thread runs. Counterpart: reactor.callWhenRunning.
inline void call_when_running(function<void()> call) {
  if (loop* const here = loop::running_or_null())
    here->call_soon(std::move(call));
  else
    call_in_next_run(std::move(call));
}
/// From any thread, on that of `where`. Counterpart: reactor.callFromThread.
template <class Function>
void call_from_thread(loop& where, Function function) {
  where.call_soon_threadsafe(std::move(function));
}
/// Starts a program and tells `told` of it, as `subprocess_exec` does, at once; its standard streams are pipes unless told otherwise. Throws as
/// `create_subprocess_exec`. Counterpart: reactor.spawnProcess.
inline subprocess_transport spawn_process(const std::shared_ptr<subprocess_protocol>& told,
                                          std::vector<std::string> command,
                                          create_subprocess_options options = detail::all_pipes()) {
  const auto begun = create_task(subprocess_exec([told] { return told; }, std::move(command), std::move(options)),
                                 {.eager_start = true});
  return begun.result().first;  // that never suspends
}
/// On the loop's clock. Counterpart: reactor.seconds.
[[nodiscard]] inline time_point time() { return loop::running().time(); }

}  // namespace hocket::reactor
