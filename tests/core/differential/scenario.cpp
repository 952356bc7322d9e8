#include "scenario.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace differential {
namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

step read_step(std::string line) {
  if (line.ends_with(':')) line.pop_back();
  std::vector<std::string> words = words_of(line);
  step made{.line = line, .verb = words.front(), .words = {}};
  made.words.assign(words.begin() + 1, words.end());
  return made;
}

/// The block at `depth`: the last step's body, so many times.
std::vector<step>& block_at(std::vector<step>& steps, std::size_t depth) {
  return depth <= 1 ? steps : block_at(steps.back().body, depth - 1);
}

void read_line(const std::string& line, std::vector<scenario>& scenarios) {
  const std::size_t indent = line.find_first_not_of(' ');
  if (indent == std::string::npos || line[indent] == '#') return;
  const std::string text = line.substr(indent);
  const std::string rest = text.substr(std::min(text.find(' '), text.size() - 1) + 1);
  if (text.starts_with("scenario ")) {
    scenarios.push_back({.name = rest});
  } else if (text == "trace") {
    scenarios.back().expected.emplace();
  } else if (indent > 0 && scenarios.back().expected) {
    scenarios.back().expected->push_back(text);
  } else if (indent > 0) {
    block_at(scenarios.back().tasks.back().second, indent / 2).push_back(read_step(text));
  } else if (text.starts_with("task ")) {
    scenarios.back().tasks.emplace_back(rest, std::vector<step>{});
  } else {
    const auto words = words_of(text);
    scenarios.back().shared.push_back({words[0], words[1], words.size() > 2 ? std::stoul(words[2]) : 0});
  }
}

}  // namespace

const std::vector<step>& scenario::steps_of(const std::string& task) const {
  for (const auto& [name, steps] : tasks)
    if (name == task) return steps;
  throw std::runtime_error("no task " + task + " in scenario " + name);
}

std::vector<scenario> read_scenarios(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot open " + path);
  std::vector<scenario> scenarios;
  for (std::string line; std::getline(file, line);) read_line(line, scenarios);
  return scenarios;
}

}  // namespace differential
