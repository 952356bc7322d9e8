#pragma once

#include <hocket/base/error.hpp>

namespace hocket {

/// This end was closed here, by whoever holds it. Counterpart: trio.ClosedResourceError.
class closed_resource_error : public error {
 public:
  closed_resource_error() : error("this end of the channel was closed") {}
};

/// Nobody is left at the other end. Counterpart: trio.BrokenResourceError.
class broken_resource_error : public error {
 public:
  broken_resource_error() : error("all receiving ends of the channel were closed") {}
};

/// Nothing is left in the channel, and nothing will come. Counterpart: trio.EndOfChannel.
class end_of_channel : public error {
 public:
  end_of_channel() : error("all sending ends of the channel were closed, and nothing is left in it") {}
};

}  // namespace hocket
