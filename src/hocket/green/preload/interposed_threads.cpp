// pthread_create makes a green thread, and whatever takes a thread's number takes that of a green one, too.

#include <cstdio>
#include <cstdlib>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <hocket/green/detail/waiting.hpp>
#include <hocket/green/patch.hpp>
#include <hocket/green/preload/green_thread.hpp>
#include <hocket/green/preload/hub.hpp>
#include <hocket/green/preload/thread_locals.hpp>
#include <hocket/green/preload/waiter.hpp>
#include <hocket/green/sleep.hpp>

namespace green_detail = hocket::green::detail;
using hocket::green::preload::green_thread;
using hocket::green::preload::hub;
using hocket::green::preload::limit;

namespace {

/// What the functions in the place of the C library's may take of a stack beyond what those do.
constexpr std::size_t own_stack = 16 * 1024;

struct wanted_thread {
  std::size_t stack_size = 0;
  bool is_detached = false;
};

wanted_thread wanted_by(const pthread_attr_t* attributes) {
  pthread_attr_t defaults;
  if (attributes == nullptr) ::pthread_getattr_default_np(&defaults);
  const pthread_attr_t* const those = attributes != nullptr ? attributes : &defaults;
  wanted_thread wanted;
  int state = 0;
  ::pthread_attr_getstacksize(those, &wanted.stack_size);
  ::pthread_attr_getdetachstate(those, &state);
  wanted.is_detached = state == PTHREAD_CREATE_DETACHED;
  wanted.stack_size += own_stack;
  if (attributes == nullptr) ::pthread_attr_destroy(&defaults);
  return wanted;
}

/// The hub and its helpers are threads; so is everything in a child of fork, and where a library came that keeps variables by thread.
bool may_be_green() {
  if (!hocket::green::is_patched()) return false;
  if (hub::is_this_thread() && green_thread::current() == nullptr) return false;
  return !hocket::green::preload::has_loaded_thread_locals();
}

/// Which of the system's threads is meant.
pthread_t carrier_of(pthread_t number) {
  return green_thread::find(number) != nullptr ? hub::of_process().thread() : number;
}

bool is_green(pthread_t number) { return green_thread::find(number) != nullptr; }

}  // namespace

extern "C" {

int pthread_create(pthread_t* made, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) {
  static const auto real = green_detail::real<decltype(::pthread_create)>("pthread_create");
  if (!may_be_green()) return real(made, attributes, run, argument);
  try {
    const wanted_thread wanted = wanted_by(attributes);
    *made = green_thread::start(run, argument, wanted.stack_size, wanted.is_detached);
    return 0;
  } catch (...) {
    return EAGAIN;
  }
}

int pthread_join(pthread_t number, void** result) {
  static const auto real = green_detail::real<decltype(::pthread_join)>("pthread_join");
  return is_green(number) ? green_thread::join(number, result, nullptr, CLOCK_REALTIME) : real(number, result);
}

int pthread_tryjoin_np(pthread_t number, void** result) {
  static const auto real = green_detail::real<decltype(::pthread_tryjoin_np)>("pthread_tryjoin_np");
  const auto whom = green_thread::find(number);
  if (whom == nullptr) return real(number, result);
  return whom->has_ended() ? green_thread::join(number, result, nullptr, CLOCK_REALTIME) : EBUSY;
}

int pthread_timedjoin_np(pthread_t number, void** result, const timespec* deadline) {
  static const auto real = green_detail::real<decltype(::pthread_timedjoin_np)>("pthread_timedjoin_np");
  return is_green(number) ? green_thread::join(number, result, deadline, CLOCK_REALTIME)
                          : real(number, result, deadline);
}

int pthread_detach(pthread_t number) {
  static const auto real = green_detail::real<decltype(::pthread_detach)>("pthread_detach");
  return is_green(number) ? green_thread::detach(number) : real(number);
}

pthread_t pthread_self() {
  static const auto real = green_detail::real<decltype(::pthread_self)>("pthread_self");
  const green_thread* const here = green_thread::current();
  return here != nullptr ? here->number() : real();
}

void pthread_exit(void* result) {
  static const auto real = green_detail::real<decltype(::pthread_exit)>("pthread_exit");
  if (green_thread::current() != nullptr) green_thread::exit(result);
  if (::getpid() == ::gettid() && green_thread::count() > 0) {  // the hub would keep the process
    const auto is_over = [] { return green_thread::count() == 0 ? 0 : EBUSY; };
    hocket::green::preload::take(&green_thread::count(), std::nullopt, is_over);
    std::exit(0);
  }
  real(result);
  std::abort();
}

int pthread_kill(pthread_t number, int signal) {
  static const auto real = green_detail::real<decltype(::pthread_kill)>("pthread_kill");
  const auto whom = green_thread::find(number);
  if (whom != nullptr && (signal == 0 || whom->has_ended())) return 0;
  return real(carrier_of(number), signal);
}

int pthread_sigqueue(pthread_t number, int signal, const sigval value) {
  static const auto real = green_detail::real<decltype(::pthread_sigqueue)>("pthread_sigqueue");
  return real(carrier_of(number), signal, value);
}

// Nothing interrupts a green thread from outside.
int pthread_cancel(pthread_t number) {
  static const auto real = green_detail::real<decltype(::pthread_cancel)>("pthread_cancel");
  return is_green(number) ? ENOSYS : real(number);
}

int pthread_setname_np(pthread_t number, const char* name) {
  static const auto real = green_detail::real<decltype(::pthread_setname_np)>("pthread_setname_np");
  const auto whom = green_thread::find(number);
  if (whom == nullptr) return real(number, name);
  if (std::string_view(name).size() > 15) return ERANGE;
  whom->name = name;
  return 0;
}

int pthread_getname_np(pthread_t number, char* to, size_t room) {
  static const auto real = green_detail::real<decltype(::pthread_getname_np)>("pthread_getname_np");
  const auto whom = green_thread::find(number);
  if (whom == nullptr) return real(number, to, room);
  if (room <= whom->name.size()) return ERANGE;
  whom->name.copy(to, room);
  to[whom->name.size()] = '\0';
  return 0;
}

int pthread_getattr_np(pthread_t number, pthread_attr_t* attributes) {
  static const auto real = green_detail::real<decltype(::pthread_getattr_np)>("pthread_getattr_np");
  if (!is_green(number)) return real(number, attributes);
  const auto* const fiber = green_detail::fiber::current();
  if (fiber == nullptr || number != ::pthread_self()) return ENOSYS;
  if (const int problem = ::pthread_attr_init(attributes); problem != 0) return problem;
  const auto memory = fiber->memory().memory();
  return ::pthread_attr_setstack(attributes, memory.data(), memory.size());
}

int pthread_getcpuclockid(pthread_t number, clockid_t* clock) {
  static const auto real = green_detail::real<decltype(::pthread_getcpuclockid)>("pthread_getcpuclockid");
  return real(carrier_of(number), clock);
}

int pthread_getschedparam(pthread_t number, int* policy, sched_param* parameters) {
  static const auto real = green_detail::real<decltype(::pthread_getschedparam)>("pthread_getschedparam");
  return real(carrier_of(number), policy, parameters);
}

int pthread_setschedparam(pthread_t number, int policy, const sched_param* parameters) {
  static const auto real = green_detail::real<decltype(::pthread_setschedparam)>("pthread_setschedparam");
  return real(carrier_of(number), policy, parameters);
}

int pthread_setschedprio(pthread_t number, int priority) {
  static const auto real = green_detail::real<decltype(::pthread_setschedprio)>("pthread_setschedprio");
  return real(carrier_of(number), priority);
}

int pthread_getaffinity_np(pthread_t number, size_t size, cpu_set_t* set) {
  static const auto real = green_detail::real<decltype(::pthread_getaffinity_np)>("pthread_getaffinity_np");
  return real(carrier_of(number), size, set);
}

int pthread_setaffinity_np(pthread_t number, size_t size, const cpu_set_t* set) {
  static const auto real = green_detail::real<decltype(::pthread_setaffinity_np)>("pthread_setaffinity_np");
  return real(carrier_of(number), size, set);
}

int sched_yield() {
  static const auto real = green_detail::real<decltype(::sched_yield)>("sched_yield");
  if (!green_thread::waits_here()) return real();
  static_cast<void>(green_detail::wait_without_throwing(hocket::sleep(hocket::duration::zero())));
  return 0;
}

int pthread_key_create(pthread_key_t* made, void (*destructor)(void*)) {
  static const auto real = green_detail::real<decltype(::pthread_key_create)>("pthread_key_create");
  const int problem = real(made, destructor);
  if (problem == 0) hocket::green::preload::key_of(*made).destructor = destructor;
  return problem;
}

int pthread_key_delete(pthread_key_t key) {
  static const auto real = green_detail::real<decltype(::pthread_key_delete)>("pthread_key_delete");
  ++hocket::green::preload::key_of(key).generation;
  return real(key);
}

void* pthread_getspecific(pthread_key_t key) {
  static const auto real = green_detail::real<decltype(::pthread_getspecific)>("pthread_getspecific");
  const green_thread* const here = green_thread::current();
  return here != nullptr ? here->value(key) : real(key);
}

int pthread_setspecific(pthread_key_t key, const void* value) {
  static const auto real = green_detail::real<decltype(::pthread_setspecific)>("pthread_setspecific");
  green_thread* const here = green_thread::current();
  if (here == nullptr) return real(key, value);
  here->set_value(key, value);
  return 0;
}
}
