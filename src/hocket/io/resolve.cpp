// Names by the system's resolver, which blocks: each look-up is a job of the blocking pool.
//
// The job owns its arguments and its answer, and neither it nor the operation in the waiter's frame needs the other: ended, the
// job gives itself to the operation; cancelled, the operation forgets the job, which deletes itself when it comes home.

#include <cerrno>

#include <netdb.h>

#include <hocket/io/resolve.hpp>

namespace hocket {
namespace {

class category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "getaddrinfo"; }
  [[nodiscard]] std::string message(int code) const override { return ::gai_strerror(code); }
};

bool has_nul(const std::string& text) noexcept { return text.find('\0') != std::string::npos; }
const char* or_null(const std::string& text) noexcept { return text.empty() ? nullptr : text.c_str(); }

}  // namespace

const std::error_category& resolve_category() noexcept {
  static const category instance;
  return instance;
}

namespace detail {

class name_operation::job : public blocking_job, public ready_node, public arena_allocated {
 public:
  job() : owner_(loop::running()) {}
  virtual ~job() = default;

  void serve(name_operation& waiter) noexcept { waiter_ = &waiter; }
  void abandon() noexcept { waiter_ = nullptr; }

  void work() noexcept final {
    try {
      error = ask(owner_.io());
      system_error = errno;
    } catch (const std::bad_alloc&) {
      error = EAI_MEMORY;
    }
    owner_.post(*this);
  }

  void run() noexcept final {
    if (waiter_ == nullptr) {
      delete this;
      return;
    }
    waiter_->job_ = nullptr;
    waiter_->ended_.reset(this);
    waiter_->wake();
  }

  int error = 0;         // an EAI_ code
  int system_error = 0;  // errno, with EAI_SYSTEM

 private:
  /// On a thread of the pool. May throw std::bad_alloc.
  virtual int ask(system_calls& system) = 0;

  loop& owner_;
  name_operation* waiter_ = nullptr;  // of the loop's thread
};

name_operation::name_operation() noexcept = default;
name_operation::name_operation(name_operation&& other) noexcept : operation(static_cast<operation&&>(other)) {}
name_operation::~name_operation() = default;

void name_operation::ask_observer() noexcept {
  if (here.observer != nullptr) [[unlikely]]
    fail(here.observer->resolving());
}

void name_operation::submit(std::coroutine_handle<> waiter, std::unique_ptr<job> made) {
  prepare(waiter);
  try {
    made->serve(*this);
    task()->owner().blocking().submit(*made);
    job_ = made.release();
  } catch (...) {
    forget_waiting();
    throw;
  }
  begin_waiting();
}

bool name_operation::stop() noexcept {
  if (job_ == nullptr) return false;
  job* left = std::exchange(job_, nullptr);
  if (task()->owner().blocking().withdraw(*left))
    delete left;
  else
    left->abandon();
  wake_stopped();
  return true;
}

void name_operation::finish(const char* what, const std::string& of) {
  resumed();
  const int error = ended_ != nullptr ? ended_->error : refusal_;
  if (error == 0) return;
  if (error != EAI_SYSTEM) throw std::system_error(error, resolve_category(), what + of);
  throw std::system_error(ended_ != nullptr ? ended_->system_error : EIO, std::system_category(), what + of);
}

namespace {

class getaddrinfo_job final : public name_operation::job {
 public:
  getaddrinfo_job(std::string host, std::string service, const getaddrinfo_hints& hints)
      : host_(std::move(host)), service_(std::move(service)), hints_(hints) {}

  std::vector<address_info> found;

 private:
  int ask(system_calls& system) override {
    const addrinfo hints{.ai_flags = hints_.flags,
                         .ai_family = hints_.family,
                         .ai_socktype = hints_.type,
                         .ai_protocol = hints_.protocol};
    addrinfo* list = nullptr;
    const int answer = system.getaddrinfo(or_null(host_), or_null(service_), &hints, &list);
    const int reason = errno;
    const auto free = [&system](addrinfo* all) noexcept { system.freeaddrinfo(all); };
    const std::unique_ptr<addrinfo, decltype(free)> owned(list, free);
    for (const addrinfo* each = list; each != nullptr; each = each->ai_next) add(*each);
    errno = reason;
    return answer == 0 && found.empty() ? EAI_NONAME : answer;
  }

  void add(const addrinfo& entry) {
    if (entry.ai_family != AF_INET && entry.ai_family != AF_INET6) return;
    found.push_back({.family = entry.ai_family,
                     .type = entry.ai_socktype,
                     .protocol = entry.ai_protocol,
                     .canonical_name = entry.ai_canonname != nullptr ? entry.ai_canonname : "",
                     .address = socket_address(entry.ai_addr, entry.ai_addrlen)});
  }

  const std::string host_;
  const std::string service_;
  const getaddrinfo_hints hints_;
};

class getnameinfo_job final : public name_operation::job {
 public:
  getnameinfo_job(const socket_address& address, int flags) : address_(address), flags_(flags) {}

  name_info found;

 private:
  int ask(system_calls& system) override {
    return system.getnameinfo(address_.data(), address_.size(), found.host, found.service, flags_);
  }

  const socket_address address_;
  const int flags_;
};

}  // namespace

bool getaddrinfo_operation::await_ready() {
  if (refuse_if_cancelled()) return true;
  if (has_nul(host_) || has_nul(service_)) fail(EAI_NONAME);  // getaddrinfo would stop there
  if (!has_failed()) ask_observer();
  return has_failed();
}

void getaddrinfo_operation::await_suspend(std::coroutine_handle<> waiter) {
  submit(waiter, std::make_unique<getaddrinfo_job>(host_, service_, hints_));
}

std::vector<address_info> getaddrinfo_operation::await_resume() {
  finish("cannot resolve ", host_);
  return std::move(static_cast<getaddrinfo_job&>(*ended_).found);
}

resolve_operation::resolve_operation(std::string host, std::uint16_t port, int family) noexcept
    : getaddrinfo_operation(std::move(host), "", {.family = family, .type = SOCK_STREAM, .flags = AI_ADDRCONFIG}),
      port_(port) {}

bool resolve_operation::await_ready() {
  const auto numeric = socket_address::parse(host_, port_);
  if (!numeric || (hints_.family != AF_UNSPEC && hints_.family != numeric->family()))
    return getaddrinfo_operation::await_ready();
  if (!refuse_if_cancelled()) numeric_.push_back(*numeric);
  return true;
}

std::vector<socket_address> resolve_operation::await_resume() {
  if (!numeric_.empty()) return std::move(numeric_);
  std::vector<socket_address> addresses;
  for (const address_info& each : getaddrinfo_operation::await_resume())
    addresses.push_back(each.address.with_port(port_));
  return addresses;
}

bool getnameinfo_operation::await_ready() {
  if (refuse_if_cancelled()) return true;
  ask_observer();
  return has_failed();
}

void getnameinfo_operation::await_suspend(std::coroutine_handle<> waiter) {
  submit(waiter, std::make_unique<getnameinfo_job>(address_, flags_));
}

name_info getnameinfo_operation::await_resume() {
  finish("cannot find the name of ", address_.to_string());
  return std::move(static_cast<getnameinfo_job&>(*ended_).found);
}

}  // namespace detail
}  // namespace hocket
