#pragma once

#include <hocket/base/intrusive_list.hpp>

namespace hocket {

/// What a task says that it does, as its loop sees it: in the loop's list as long as it lives. Implemented by `activity`.
class loop_activity : public list_link<loop_activity> {};

}  // namespace hocket
