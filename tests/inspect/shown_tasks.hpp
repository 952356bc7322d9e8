#pragma once

#include <string>

#include <hocket/inspect/snapshot.hpp>

namespace hocket::testing {

/// The folder with the programs that tests look into.
extern const std::string shown_programs;

/// Expects all tasks of shown_program.cpp, each with what it waits for, where, and who waits for it.
void expect_shown_program(const inspect::snapshot& seen);

}  // namespace hocket::testing
