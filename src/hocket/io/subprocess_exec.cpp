#include <utility>

#include <hocket/core/task.hpp>
#include <hocket/io/detail/start_child.hpp>
#include <hocket/io/subprocess_exec.hpp>

namespace hocket::detail {

subprocess_transport begin_subprocess(std::vector<std::string> command, create_subprocess_options options,
                                      std::shared_ptr<subprocess_protocol> told) {
  started_child started = start_child(std::move(command), std::move(options));
  auto* made = new subprocess_connection(std::move(told));
  made->retain();
  const record_ref<subprocess_connection> connection(made);
  const auto telling = create_task(subprocess_connection::run(connection, std::move(started)),
                                   {.name = "subprocess", .eager_start = true});
  if (telling.done()) telling.result();  // it throws what kept it from beginning
  return subprocess_transport(connection);
}

}  // namespace hocket::detail
