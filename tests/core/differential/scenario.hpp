#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace differential {

/// One line of a scenario, and the lines indented below it.
struct step {
  std::string line;  // without the colon
  std::string verb;
  std::vector<std::string> words;
  std::vector<step> body{};
};

/// A story that hocket and asyncio both tell; scenarios.txt says how it is written.
struct scenario {
  struct shared_thing {
    std::string kind;
    std::string name;
    std::size_t number;
  };
  std::string name;
  std::vector<shared_thing> shared{};
  std::vector<std::pair<std::string, std::vector<step>>> tasks{};  // the first is the main task
  std::optional<std::vector<std::string>> expected{};  // of a scenario for hocket alone; otherwise asyncio says

  [[nodiscard]] const std::vector<step>& steps_of(const std::string& task) const;
};

using trace = std::vector<std::string>;

/// How GoogleTest shows one.
inline void PrintTo(const scenario& told, std::ostream* out) { *out << told.name; }

/// Reads all scenarios of a file. Throws std::runtime_error if it cannot be opened.
std::vector<scenario> read_scenarios(const std::string& path);

/// Runs one on hocket, under virtual time.
trace run_on_hocket(const scenario& told);

}  // namespace differential
