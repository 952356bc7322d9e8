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

}  // namespace

const std::error_category& resolve_category() noexcept {
  static const category instance;
  return instance;
}

namespace detail {

/// The look-up itself. It owns its arguments, so that a cancelled waiter may leave it behind; it then ends unheard.
class resolve_operation::job final : public blocking_job, public ready_node, public arena_allocated {
 public:
  explicit job(resolve_operation& waiter)
      : owner_(waiter.task()->owner()), host_(waiter.host_), port_(waiter.port_), waiter_(&waiter) {}

  void abandon() noexcept { waiter_ = nullptr; }

  void work() noexcept override {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    error_ = owner_.io().getaddrinfo(host_.c_str(), nullptr, &hints, &found);
    system_error_ = errno;
    try {
      for (const addrinfo* each = found; each != nullptr; each = each->ai_next) add(*each);
    } catch (const std::bad_alloc&) {
      error_ = EAI_MEMORY;
    }
    if (found != nullptr) owner_.io().freeaddrinfo(found);
    owner_.post(*this);
  }

  void run() noexcept override {
    if (waiter_ != nullptr) {
      waiter_->job_ = nullptr;
      waiter_->error_ = error_;
      waiter_->system_error_ = system_error_;
      waiter_->addresses_ = std::move(addresses_);
      waiter_->wake();
    }
    delete this;
  }

 private:
  void add(const addrinfo& entry) {
    if (entry.ai_family != AF_INET && entry.ai_family != AF_INET6) return;
    addresses_.push_back(socket_address(entry.ai_addr, entry.ai_addrlen).with_port(port_));
  }

  loop& owner_;
  std::string host_;
  std::uint16_t port_;
  resolve_operation* waiter_;  // of the loop's thread
  std::vector<socket_address> addresses_;
  int error_ = 0;
  int system_error_ = 0;
};

bool resolve_operation::await_ready() {
  if (refuse_if_cancelled()) return true;
  if (host_.find('\0') != std::string::npos) {  // getaddrinfo would stop there
    error_ = EAI_NONAME;
    return true;
  }
  auto numeric = socket_address::parse(host_, port_);
  if (numeric) addresses_.push_back(*numeric);
  if (!numeric && here.observer != nullptr) [[unlikely]] {
    error_ = here.observer->resolving();
    system_error_ = EIO;
  }
  return numeric.has_value() || error_ != 0;
}

void resolve_operation::await_suspend(std::coroutine_handle<> waiter) {
  prepare(waiter);
  try {
    auto made = std::make_unique<job>(*this);
    task()->owner().blocking().submit(*made);
    job_ = made.release();
  } catch (...) {
    forget_waiting();
    throw;
  }
  begin_waiting();
}

bool resolve_operation::stop() noexcept {
  if (job_ == nullptr) return false;
  job* left = std::exchange(job_, nullptr);
  if (task()->owner().blocking().withdraw(*left))
    delete left;
  else
    left->abandon();
  wake_stopped();
  return true;
}

std::vector<socket_address> resolve_operation::await_resume() {
  resumed();
  if (error_ == EAI_SYSTEM) throw std::system_error(system_error_, std::system_category(), "cannot resolve " + host_);
  if (error_ != 0) throw std::system_error(error_, resolve_category(), "cannot resolve " + host_);
  if (addresses_.empty()) throw std::system_error(EAI_NONAME, resolve_category(), "cannot resolve " + host_);
  return std::move(addresses_);
}

}  // namespace detail
}  // namespace hocket
