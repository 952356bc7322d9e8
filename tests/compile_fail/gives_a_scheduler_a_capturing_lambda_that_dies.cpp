#include <hocket/core/sleep.hpp>
#include <hocket/exec/job_scheduler.hpp>

hocket::coro<void> begin(hocket::job_scheduler& jobs, hocket::duration pause) {
  co_await jobs.spawn([pause]() -> hocket::coro<void> { co_await hocket::sleep(pause); }());
}
// expect: object whose reference is captured will be destroyed
