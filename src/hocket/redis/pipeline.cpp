#include <utility>

#include <hocket/redis/client.hpp>
#include <hocket/redis/pipeline.hpp>

namespace hocket::redis {

batch_call pipeline::execute() { return client_->execute(take()); }

coro<std::vector<reply>> pipeline::execute_transaction() {
  if (empty()) co_return std::vector<reply>();
  auto answers = co_await client_->execute(detail::as_transaction(take()));
  co_return detail::outcome_of_transaction(std::move(answers)).as<std::vector<reply>>();
}

namespace detail {

std::vector<request> as_transaction(std::vector<request> commands) {
  std::vector<request> all;
  all.reserve(commands.size() + 2);
  all.emplace_back("MULTI");
  for (request& each : commands) all.push_back(std::move(each));
  all.emplace_back("EXEC");
  return all;
}

// The first refusal says what was wrong; EXEC says only that something was.
reply outcome_of_transaction(std::vector<reply> answers) {
  for (const reply& each : answers) each.raise_for_error();
  return std::move(answers.back());
}

}  // namespace detail
}  // namespace hocket::redis
