// expect: a worker process cannot change the caller's variable
#include <hocket/exec/process_pool_executor.hpp>

void count(int& counter) { ++counter; }

void caller(hocket::process_pool_executor& pool, int counter) { pool.submit<count>(counter); }
