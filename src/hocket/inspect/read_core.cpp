#include <optional>

#include <fmt/format.h>

#include <hocket/inspect/core_memory.hpp>
#include <hocket/inspect/detail/resolve.hpp>
#include <hocket/inspect/detail/walk.hpp>
#include <hocket/inspect/read_core.hpp>

namespace hocket::inspect {

snapshot read_core(const std::string& core, const std::string& program) {
  core_memory source(core, program);
  detail::memory_cache memory(source);
  const detail::shown shown = detail::find_shown(memory, source.mappings(), fmt::format("the core dump '{}'", core));
  detail::types classes(memory, shown);
  const detail::found all = detail::walk(memory, shown, classes);
  snapshot made = detail::resolve(memory, shown, all, std::nullopt);  // nobody has written down what time it was
  made.torn = all.contradictions > 0;
  made.attempts = 1;
  return made;
}

}  // namespace hocket::inspect
