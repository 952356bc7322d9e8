#include <vector>

#include <hocket/exec/thread_pool_executor.hpp>

bool report(int);

hocket::coro<void> caller(hocket::thread_pool_executor& pool, std::vector<int> numbers) {
  auto reported = pool.map(report, numbers);
  co_await reported.close();
}
