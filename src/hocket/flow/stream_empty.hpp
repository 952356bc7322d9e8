#pragma once

#include <hocket/base/error.hpp>

namespace hocket::flow {

/// A pipeline that was to give one item at its end gave none. Counterpart: aiostream.StreamEmpty.
class stream_empty : public error {
 public:
  stream_empty() : error("the pipeline has ended without an item") {}
};

}  // namespace hocket::flow
