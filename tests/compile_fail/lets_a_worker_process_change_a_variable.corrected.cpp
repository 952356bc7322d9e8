#include <hocket/exec/process_pool_executor.hpp>

int count(int counter) { return counter + 1; }

void caller(hocket::process_pool_executor& pool, int counter) { counter = pool.submit<count>(counter).result(); }
