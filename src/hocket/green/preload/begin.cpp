// Runs before the program: where `hocket patch` has started it, patches it, or refuses. Its children, which inherit the environment, are left
// alone.

#include <cstdio>
#include <cstdlib>
#include <string>

#include <errno.h>
#include <unistd.h>

#include <hocket/green/patch.hpp>
#include <hocket/green/preload/thread_locals.hpp>

namespace hocket::green::preload {
namespace {

constexpr int not_executable = 126;  // as env(1) has it

[[gnu::constructor]] void begin() {
  const char* const asked = std::getenv("HOCKET_PATCH");
  const std::string mine = std::to_string(::getpid());
  if (asked == nullptr) return;
  const bool is_forced = asked == mine + ":force";
  if (!is_forced && asked != mine) return;
  if (const std::string object = object_with_thread_locals(); !object.empty() && !is_forced) {
    std::fprintf(stderr,
                 "hocket patch: %s: its threads cannot be green: %s keeps variables by thread, which they would share "
                 "(--force runs it all the same)\n",
                 program_invocation_short_name, object.c_str());
    ::_exit(not_executable);
  }
  accept_thread_locals();
  patch_all();
}

}  // namespace
}  // namespace hocket::green::preload
