#include <cstdint>
#include <system_error>

#include <hocket/green/detail/waiting.hpp>
#include <hocket/green/preload/hub.hpp>

namespace hocket::green::preload {

static thread_local bool is_hub = false;

hub::hub() : loop_({.most_calls_from_threads = SIZE_MAX}) {
  static const auto create = detail::real<decltype(::pthread_create)>("pthread_create");
  const auto run = [](void* mine) -> void* {
    is_hub = true;
    static_cast<hub*>(mine)->loop_.run_forever();
    return nullptr;
  };
  if (const int problem = create(&thread_, nullptr, run, this); problem != 0)
    throw std::system_error(problem, std::system_category(), "no thread for the green ones");
  ::pthread_detach(thread_);
}

hub& hub::of_process() {
  static hub& only = *new hub;  // never destroyed: green threads run until the process ends
  return only;
}

bool hub::is_this_thread() noexcept { return is_hub; }

}  // namespace hocket::green::preload
