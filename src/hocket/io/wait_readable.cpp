#include <hocket/io/wait_readable.hpp>

namespace hocket {

void notify_closing(int number) {
  loop& running = loop::running();
  running.remove_reader(number);
  running.remove_writer(number);
  running.io().cancel_borrowed(number);
}

}  // namespace hocket
