// expect: because 'process_callable<&is_even, std::basic_string<char>>' evaluated to false
#include <string>

#include <hocket/exec/process_pool_executor.hpp>

bool is_even(int n) { return n % 2 == 0; }

bool caller(hocket::process_pool_executor& pool) { return pool.submit<is_even>(std::string("2")).result(); }
