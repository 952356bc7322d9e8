#include <cstddef>
#include <system_error>

#include <hocket/base/error.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/detail/h2_writer.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {

static constexpr std::size_t kept_output = 4 * 1024;  // of memory, while there is nothing to send

coro<std::exception_ptr> h2_writer::write() {
  for (;;) {
    session_.collect();
    std::string& output = session_.output();
    if (output.empty()) {
      if (is_finishing_) co_return nullptr;
      if (sending_.capacity() > kept_output) sending_ = {};
      if (output.capacity() > kept_output) output = {};
      session_.has_output().clear();
      co_await session_.has_output().wait();
      continue;
    }
    sending_.clear();
    sending_.swap(output);
    if (auto problem = co_await send()) co_return problem;
  }
}

coro<std::exception_ptr> h2_writer::send() {
  struct sending {
    bool& is_under_way;
    ~sending() { is_under_way = false; }
  } const now{is_sending_ = true};
  const auto end = longest_send_ ? std::optional(loop::running().time_after(*longest_send_)) : std::nullopt;
  try {
    const auto sent = co_await as_expected(with_timeout_at(end, to_.send_all(sending_)));
    co_return sent ? nullptr : std::make_exception_ptr(std::system_error(sent.error()));
  } catch (const timeout_error&) {
    co_return std::make_exception_ptr(timeout_error("the other side takes nothing"));
  }
}

void h2_writer::finish() noexcept {
  is_finishing_ = true;
  session_.has_output().set();
}

}  // namespace hocket::http::detail
