#include <hocket/io/wait_readable.hpp>

namespace hocket {

void notify_closing(int number) { notify_closing(loop::running(), number); }

void notify_closing(loop& waiting, int number) {
  waiting.remove_reader(number);
  waiting.remove_writer(number);
  waiting.io().cancel_borrowed(number);
}

}  // namespace hocket
