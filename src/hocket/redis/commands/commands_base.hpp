#pragma once

#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/redis/request.hpp>

namespace hocket::redis {

/// What the families of commands have in common: each makes a request, and `Issuer::issue<T>` makes of that what its callers get. A client's is a
/// call whose answer is a `T`; a pipeline's is the pipeline.
/// `Family` tells the bases apart.
template <class Issuer, class Family>
class commands_base {
 protected:
  template <class T>
  [[nodiscard]] HOCKET_CORO_WRAPPER decltype(auto) ask(request what) {
    return static_cast<Issuer&>(static_cast<Family&>(*this)).template issue<T>(std::move(what));
  }
};

}  // namespace hocket::redis
