#pragma once

#include <hocket/base/intrusive_list.hpp>

namespace hocket {

/// An async generator as its loop sees it: in the loop's list from its first step to its end, so that the end of `run` can
/// close those that nobody else has closed. Implemented by `async_generator`.
class loop_generator : public list_link<> {
 protected:
  ~loop_generator() = default;
};

}  // namespace hocket
