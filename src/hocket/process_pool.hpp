#pragma once

// Executors of processes. Not part of <hocket/hocket.hpp>, for this includes cereal, which writes and reads your types.

#include <hocket/exec/process_pool_executor.hpp>
