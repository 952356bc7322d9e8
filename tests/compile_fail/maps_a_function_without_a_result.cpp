#include <vector>

#include <hocket/exec/thread_pool_executor.hpp>
// expect: map gives the results of its function, which has none

void report(int);

hocket::coro<void> caller(hocket::thread_pool_executor& pool, std::vector<int> numbers) {
  auto reported = pool.map(report, numbers);
  co_await reported.close();
}
