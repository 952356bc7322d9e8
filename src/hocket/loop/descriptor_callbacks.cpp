// Each function has a request for poll(2) of its own. When that completes the function is called, once, and the request is made
// anew: so a descriptor that is ready all the time is served once a turn, on every backend, and a descriptor that is not costs
// nothing. A watch that is removed lives on, without its function, until its request has completed.

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <poll.h>

#include <hocket/loop/borrowed_descriptor.hpp>
#include <hocket/loop/descriptor_callbacks.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::detail {

class descriptor_callbacks::watch final : public ready_node, public list_link<watch>, public arena_allocated {
 public:
  watch(descriptor_callbacks& owner, int number, short direction, std::move_only_function<void()> function)
      : owner_(owner),
        place_(number, direction),
        function_(std::move(function)),
        variables_(loop::context_for(owner.loop_)),
        target_(owner.loop_.io(), number) {
    request_.op = io_op::poll;
    request_.flags = static_cast<std::uint32_t>(direction);
    request_.target = target_.record();
    request_.done = this;
    owner_.all_.push_back(*this);
  }
  ~watch() {
    if (as_ready().is_linked()) as_ready().unlink();
    list_link<watch>::unlink();
  }

  [[nodiscard]] const std::pair<int, short>& place() const noexcept { return place_; }
  [[nodiscard]] bool can_be_watched() const noexcept { return target_.can_be_watched(); }

  /// Gives 0 or an errno. Throws std::bad_alloc.
  [[nodiscard]] int begin() {
    if (!owner_.loop_.io().start(request_)) return 0;
    if (request_.result < 0) return -request_.result;
    owner_.loop_.schedule(*this);
    return 0;
  }

  void run() noexcept override {
    if (removed_) return end();
    if (request_.result < 0) return fail(-request_.result);
    call();
    if (removed_) return end();
    try {
      if (const int error = begin(); error != 0) fail(error);
    } catch (const std::bad_alloc&) {
      fail(ENOMEM);
    }
  }

  /// It is not called any more, and goes when it can.
  void remove() noexcept {
    removed_ = true;
    if (calling_) return;
    const auto dropped = std::move(function_);  // last, for it may hold whatever
    if (!request_.completed) {
      owner_.loop_.io().cancel(request_);
      return;
    }
    end();
  }

 private:
  [[nodiscard]] list_link<>& as_ready() noexcept { return static_cast<ready_node&>(*this); }

  void end() noexcept { delete this; }

  void call() noexcept {
    calling_ = true;
    here.variables = &variables_;
    try {
      function_();
    } catch (...) {
      report_callback_error(owner_.loop_, std::current_exception());
    }
    here.variables = nullptr;
    calling_ = false;
  }

  void fail(int error) noexcept {
    calling_ = true;
    try {
      owner_.loop_.call_exception_handler(
          {.message = fmt::format("descriptor {} cannot be watched any more, its {} is removed", place_.first,
                                  place_.second == POLLIN ? "reader" : "writer"),
           .exception = std::make_exception_ptr(std::system_error(error, std::system_category()))});
    } catch (...) {
      std::fputs("hocket: a descriptor cannot be watched any more\n", stderr);
    }
    if (!removed_) owner_.current_.erase(place_);  // the handler may have done it
    end();
  }

  descriptor_callbacks& owner_;
  const std::pair<int, short> place_;
  std::move_only_function<void()> function_;
  context variables_;
  borrowed_descriptor target_;
  io_request request_;
  bool removed_ = false;
  bool calling_ = false;
};

descriptor_callbacks::~descriptor_callbacks() {
  while (!all_.empty()) delete &all_.front();
}

void descriptor_callbacks::set(int number, short direction, std::move_only_function<void()> function) {
  remove(number, direction);
  auto made = std::make_unique<watch>(*this, number, direction, std::move(function));
  const std::string what = fmt::format("cannot watch descriptor {}", number);
  if (!made->can_be_watched())
    throw std::system_error(EPERM, std::system_category(), what + ", a file or folder is always ready");
  const auto [place, added] = current_.emplace(made->place(), made.get());
  try {
    if (const int error = made->begin(); error != 0) throw std::system_error(error, std::system_category(), what);
  } catch (...) {
    current_.erase(place);
    throw;
  }
  static_cast<void>(made.release());
}

bool descriptor_callbacks::remove(int number, short direction) noexcept {
  const auto found = current_.find({number, direction});
  if (found == current_.end()) return false;
  watch* const removed = found->second;
  current_.erase(found);
  removed->remove();
  return true;
}

void descriptor_callbacks::clear() noexcept {
  while (!current_.empty()) {
    const auto [number, direction] = current_.begin()->first;
    remove(number, direction);
  }
}

}  // namespace hocket::detail
